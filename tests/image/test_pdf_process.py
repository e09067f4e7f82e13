"""Pages of strangers' PDFs, drawn by a process of their own."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("pypdfium2", reason="needs craftlite[pdf]")

from craftlite.errors import InputError
from craftlite.image.pdf_process import draw_page

MAX_PIXELS = 40_000_000


@pytest.fixture
def scan() -> bytes:
    pages = [Image.new("RGB", (90, 60), colour) for colour in ("red", "blue")]
    file = BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:])
    return file.getvalue()


def test_a_page_is_drawn_with_the_number_of_pages(scan: bytes) -> None:
    picture, count = draw_page(scan, 2, MAX_PIXELS)
    assert (count, picture.dtype, picture.shape[2]) == (2, np.uint8, 3)
    assert picture[..., 2].mean() > 200 > 50 > picture[..., 0].mean()


def test_a_page_has_no_more_pixels_than_are_allowed(scan: bytes) -> None:
    picture, _ = draw_page(scan, 1, 10_000)
    assert 5000 < picture.shape[0] * picture.shape[1] <= 10_000


def test_what_cannot_be_drawn_is_a_sentence(scan: bytes) -> None:
    with pytest.raises(InputError, match="has no page 3"):
        draw_page(scan, 3, MAX_PIXELS)
    with pytest.raises(InputError, match="damaged"):
        draw_page(b"%PDF-1.4\n", 1, MAX_PIXELS)
