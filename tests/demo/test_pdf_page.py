"""Pages of strangers' PDFs, drawn by a process of their own."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="needs craftlite[demo]")
pytest.importorskip("pypdfium2", reason="needs craftlite[pdf]")

from craftlite.demo.pdf import draw_page
from craftlite.errors import InputError


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    pages = [Image.new("RGB", (90, 60), colour) for colour in ("red", "blue")]
    pages[0].save(tmp_path / "scan.pdf", save_all=True, append_images=pages[1:])
    return tmp_path / "scan.pdf"


def test_a_page_is_drawn_with_the_number_of_pages(scan: Path) -> None:
    picture, count = draw_page(scan, 2)
    assert (count, picture.dtype, picture.shape[2]) == (2, np.uint8, 3)
    assert picture[..., 2].mean() > 200 > 50 > picture[..., 0].mean()


def test_what_cannot_be_drawn_is_a_sentence(scan: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no page 3"):
        draw_page(scan, 3)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4\n")
    with pytest.raises(InputError, match="damaged"):
        draw_page(broken, 1)
    with pytest.raises(InputError, match="cleared away"):
        draw_page(tmp_path / "gone.pdf", 1)
