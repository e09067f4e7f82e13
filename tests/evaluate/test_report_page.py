"""The report's page in a real browser as wide as a phone."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, which

import pytest

pytest.importorskip("jinja2", reason="needs craftlite[report]")
playwright = pytest.importorskip("playwright.sync_api")

from craftlite.commands.eval import parser, run  # noqa: E402

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt install chromium")
SAMPLES = Path(__file__).parents[2] / "data/samples"
WIDTH = 360
# Elements that reach out of the window and are in no box that scrolls by itself.
OUTSIDE = """() => [...document.querySelectorAll("main *")].filter(one =>
  one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".scroll, .pictures, svg")
).map(one => one.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of two of the samples, one of a long name, by two detectors with long names."""
    folder = tmp_path_factory.mktemp("report")
    data = folder / ("a-folder-of-a-rather-long-name-" * 2)
    for part in ("images", "gt"):
        copytree(SAMPLES / part, data / part)
    kept = sorted((data / "images").iterdir())[:2]
    for picture in (data / "images").iterdir():
        truth = data / f"gt/gt_{picture.stem}.txt"
        if picture not in kept:
            picture.unlink()
            truth.unlink()
        elif picture == kept[0]:
            name = "a-picture-of-a-rather-long-name-" * 2
            truth.rename(truth.with_stem(f"gt_{name}"))
            picture.rename(picture.with_stem(name))
    (folder / "theirs").mkdir()
    for truth in (data / "gt").iterdir():
        rows = [",".join(line.split(",")[:8]) for line in truth.read_text("utf-8").splitlines()]
        crossing = "0,0,50,50,50,0,0,50"
        result = folder / "theirs" / f"res_{truth.stem.removeprefix('gt_')}.txt"
        result.write_text("\n".join([*rows[::2], crossing]))
    options = ["--dataset", "quads", "--data", data, "--report", folder / "page",
               "--long-side", "320", "--cache", folder / "cache", "--weights", "craftlite-small",
               "--results", f"{'another-detector-' * 4}={folder / 'theirs'}"]  # fmt: skip
    assert run(parser().parse_args([str(option) for option in options])) == 0
    return folder / "page/report.html"


@pytest.fixture(scope="module")
def page(report: Path) -> Iterator["playwright.Page"]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": 740}, has_touch=True)
        page.goto(report.as_uri())
        yield page
        browser.close()


def test_nothing_reaches_out_of_a_phone(page: "playwright.Page") -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTH
    assert page.evaluate(OUTSIDE) == []
    for details in page.query_selector_all("details"):
        details.evaluate("one => one.open = true")
    assert page.evaluate(OUTSIDE) == []


def test_wide_tables_scroll_in_boxes_of_their_own(page: "playwright.Page") -> None:
    boxes = page.query_selector_all(".scroll, .pictures")
    assert page.query_selector("table") is not None
    assert page.evaluate("[...document.querySelectorAll('table')].every(t => t.parentElement"
                         ".matches('.scroll, .pictures'))")  # fmt: skip
    wide = [box for box in boxes if box.evaluate("b => b.scrollWidth > b.clientWidth")]
    assert wide
    for box in wide:
        box.evaluate("b => b.scrollTo(9999, 0)")
        assert box.evaluate("b => b.scrollLeft") > 0


def test_pictures_are_as_wide_as_their_place_and_open_to_the_window(
    page: "playwright.Page",
) -> None:
    shots = page.query_selector_all(".shot img")
    assert shots
    for shot in shots:
        place = shot.bounding_box()
        assert place is not None and 200 < place["width"] <= WIDTH
    shots[0].scroll_into_view_if_needed()
    shots[0].click()
    opened = page.locator("dialog img").bounding_box()
    assert opened is not None and opened["x"] >= 0 and opened["x"] + opened["width"] <= WIDTH
    page.locator("dialog img").click()
