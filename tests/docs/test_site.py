"""The documentation site is built without a warning, from the repository's own files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", out]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


def test_every_page_is_there_and_the_readme_is_the_first(site: Path) -> None:
    assert "<code>craftlite detect INPUT...</code>" in (site / "index.html").read_text("utf-8")
    for page in (*ROOT.glob("docs/**/*.md"), *ROOT.glob("weights/*.md")):
        assert (site / page.relative_to(ROOT).with_suffix("") / "index.html").is_file()
    assert "Finds words in pictures" in (site / "docs/api/index.html").read_text("utf-8")


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        assert not re.findall(r'<(?:script|img|iframe)[^>]* src="(?:https?:)?//', text), page
        assert not re.findall(r'<link[^>]* rel="stylesheet"[^>]* href="(?:https?:)?//', text), page
