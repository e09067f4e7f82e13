"""The page in a real browser: what someone sees who drops a picture and moves a threshold."""

import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="needs craftlite[demo]")
from playwright.sync_api import Browser, Page, expect, sync_playwright

from craftlite import Detector
from craftlite.demo.session import MAX_PIXELS, DetectorPool
from craftlite.recognisers import is_installed

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt install chromium")
SAMPLE = Path(__file__).parents[2] / "data/samples/images/badge.jpg"
MILLISECONDS = 60_000  # that a busy machine may take
expect.set_options(timeout=MILLISECONDS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


def open_tab(page: Page, name: str) -> None:
    """Select a tab, which may be in the menu of those that have no room."""
    tab = page.get_by_role("tab", name=name, exact=True)
    if not tab.is_visible():
        page.get_by_label("More tabs").first.click()
        tab = page.get_by_role("button", name=name, exact=True)
    tab.click()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page, open; at the end no message of the console was an error, no request went out."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(MILLISECONDS)
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    hosts: set[str] = set()
    page.on("request", lambda asked: hosts.add(asked.url) if "://" in asked.url else None)
    page.goto(address)
    page.wait_for_selector("#words")
    yield page
    page.close()
    assert errors == []
    assert {url for url in hosts if not url.startswith(address)} == set()


def drop(page: Page, file: Path) -> None:
    page.set_input_files("input[type=file] >> nth=0", file)


def count(page: Page, view: str = "words") -> int:
    return int(page.get_attribute(f"#{view} figure.seen", "data-count") or -1)


def set_slider(page: Page, label: str, value: float) -> None:
    box = page.get_by_label(f"number input for {label}")
    box.fill(str(value))
    box.press("Enter")


def test_a_dropped_picture_shows_the_words_that_the_api_finds(
    page: Page, pool: DetectorPool
) -> None:
    drop(page, SAMPLE)
    page.wait_for_selector("#words figure.seen")
    words = Detector()(str(SAMPLE))
    assert count(page) == len(words) > 3
    assert page.locator("#words polygon").count() == len(words)
    title = page.locator("#words polygon title").first.text_content()
    assert title == f"{words.scores[0]:.3f}"
    assert f"{len(words)} words in 1200x900 pixels: network" in page.inner_text("#words figcaption")

    runs = pool.runs
    set_slider(page, "Text threshold", 0.95)
    expect(page.locator("#words figure.seen")).not_to_have_attribute("data-count", str(len(words)))
    assert count(page) < len(words)
    assert pool.runs == runs

    page.get_by_role("tab", name="Characters").click()
    page.wait_for_selector("#characters figure.seen")
    page.get_by_role("tab", name="Region map").click()
    page.wait_for_selector("#region img[alt='region map']")


def test_lines_and_crops_follow_the_thresholds(page: Page) -> None:
    drop(page, SAMPLE)
    page.wait_for_selector("#words figure.seen")
    words = Detector()(str(SAMPLE), characters=True)
    open_tab(page, "Crops")
    expect(page.locator("#crops img")).to_have_count(len(words))
    open_tab(page, "Lines")
    expect(page.locator("#lines polygon")).to_have_count(len(words.lines()))
    assert page.locator("#lines text").all_text_contents()[:2] == ["1", "2"]
    set_slider(page, "Text threshold", 1)
    expect(page.locator("#lines polygon")).to_have_count(0)


def test_the_text_is_read_or_the_page_says_what_reads_it(page: Page) -> None:
    drop(page, SAMPLE)
    page.wait_for_selector("#words figure.seen")
    open_tab(page, "Text")
    if is_installed("rapidocr"):
        expect(page.locator("#text .text")).to_contain_text("ROWING")
        expect(page.locator("#text figcaption")).to_contain_text("words read in")
    else:
        expect(page.locator("#text")).to_contain_text("pip install rapidocr")


def test_the_pages_of_a_pdf_are_turned(page: Page, tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2", reason="needs craftlite[pdf]")
    pages = [Image.open(SAMPLE.with_name(f"{name}.jpg")) for name in ("plate", "badge")]
    pages[0].save(tmp_path / "scan.pdf", save_all=True, append_images=pages[1:])
    page.set_input_files("input[type=file][accept='.pdf']", tmp_path / "scan.pdf")
    page.wait_for_selector("#words figure.seen")
    first = count(page)
    set_slider(page, "Page of the PDF", 2)
    expect(page.locator("#words figure.seen")).not_to_have_attribute("data-count", str(first))
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    assert download.value.suggested_filename == "scan.p002.json"
    record = json.loads(Path(download.value.path()).read_text())
    assert (record["image"], record["page"]) == ("scan.pdf", 2)


@pytest.mark.parametrize("language", ["de-DE", "pt-BR"])
def test_every_label_is_english_whatever_the_browser_s_language(
    browser: Browser, address: str, language: str
) -> None:
    page = browser.new_page(locale=language)
    page.set_default_timeout(MILLISECONDS)
    page.goto(address)
    expect(page.get_by_label("Drop an image file here to upload")).to_be_visible()
    for label in ("Drop Image Here", "Drop File Here", "Click to Upload"):
        expect(page.get_by_text(label).first).to_be_visible()
    drop(page, SAMPLE)
    page.wait_for_selector("text=Complete", state="attached")
    assert "common." not in str(page.locator("body").text_content())
    page.close()


def test_a_picture_that_is_removed_takes_its_words_along(page: Page) -> None:
    drop(page, SAMPLE)
    page.wait_for_selector("#words figure.seen")
    page.get_by_label("Remove Image").first.click()
    expect(page.locator("#words")).to_contain_text("Drop a picture")


def test_a_sample_that_is_clicked_on_shows_its_words(page: Page) -> None:
    page.locator("button.gallery-item").first.click()
    page.wait_for_selector("#words figure.seen")
    assert count(page) > 0


def test_another_long_side_runs_the_network_again(page: Page, pool: DetectorPool) -> None:
    drop(page, SAMPLE)
    page.wait_for_selector("#words figure.seen")
    before, runs = page.inner_text("#words figcaption"), pool.runs
    set_slider(page, "Long side", 640)
    expect(page.locator("#words figcaption")).not_to_have_text(before)
    assert pool.runs == runs + 1


def test_downloaded_json_is_the_apis(page: Page, tmp_path: Path) -> None:
    drop(page, SAMPLE)
    page.wait_for_selector("#words figure.seen")
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    download.value.save_as(tmp_path / "words.json")
    record = json.loads((tmp_path / "words.json").read_text())
    words = Detector()(str(SAMPLE))
    assert (record["image"], record["width"], record["height"]) == ("badge.jpg", *words.size)
    quads = np.array([word["quad"] for word in record["words"]])
    assert np.abs(quads - words.quads).max() <= 0.1
    assert "characters" not in record["words"][0]
    assert download.value.suggested_filename == "badge.json"


@pytest.mark.parametrize("kind", ["broken", "huge"])
def test_a_file_that_is_refused_is_told_in_a_sentence(
    page: Page, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / f"{kind}.png"
    if kind == "broken":
        file.write_bytes(b"this is no picture")
    else:
        side = int(MAX_PIXELS**0.5) + 1
        Image.new("1", (side, side)).save(file)
    drop(page, file)
    said = page.locator(".toast-body").first
    expect(said).to_contain_text("picture" if kind == "broken" else "pixels")
    assert str(tmp_path) not in said.inner_text()
    assert "/" not in said.inner_text().replace("and/or", "")


def test_several_pictures_come_back_as_a_zip(page: Page, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    page.get_by_role("tab", name="Several pictures").click()
    page.locator("input[type=file][multiple]").set_input_files([SAMPLE, bad])
    page.get_by_role("button", name="Find the words").click()
    expect(page.get_by_text("1 of 2 pictures.")).to_be_visible()
    expect(page.get_by_text("bad.png:")).to_be_visible()
    with page.expect_download() as download:
        page.locator("a[download='words.zip']").first.click()
    download.value.save_as(tmp_path / "words.zip")
    with zipfile.ZipFile(tmp_path / "words.zip") as archive:
        assert sorted(archive.namelist()) == ["badge.json", "res_badge.txt"]
        record = json.loads(archive.read("badge.json"))
    assert len(record["words"]) == len(Detector()(str(SAMPLE))) > 3


@pytest.mark.parametrize("path", ["/etc/hostname", str(SAMPLE.parents[3] / "README.md")])
def test_no_file_of_the_server_can_be_read(address: str, path: str) -> None:
    for route in (f"/gradio_api/file={path}", f"/file={path}", f"/gradio_api/file=../../../{path}"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address + route)
        assert refused.value.code in (403, 404)


def test_the_page_fits_a_phone(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(MILLISECONDS)
    page.goto(address)
    drop(page, SAMPLE)
    page.wait_for_selector("#words figure.seen")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    view, slider = page.locator("#words figure"), page.get_by_label("number input for Low text")
    above, below = view.bounding_box(), slider.bounding_box()
    assert above and below
    assert above["y"] < below["y"]
    for name in ("Text threshold", "Link threshold", "Low text", "Long side"):
        slider = page.get_by_label(f"range slider for {name}")
        slider.evaluate("slider => slider.scrollIntoView({ block: 'center' })")
        reached, kept = slider.bounding_box(), view.bounding_box()
        assert reached and kept
        assert kept["y"] >= 0 and kept["y"] + kept["height"] <= reached["y"], name
    page.close()
