"""The sample pictures' text, read by the recognisers that are installed."""

import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import shapely

from craftlite import Detector, read_image
from craftlite.data.readers import read_dataset
from craftlite.errors import ConfigError
from craftlite.geometry import Picture
from craftlite.reading import TextLine, read, read_words
from craftlite.recognisers import (
    LONGEST,
    RapidOcr,
    Reading,
    Tesseract,
    is_installed,
    open_recogniser,
)

ROOT = Path(__file__).parents[1] / "data" / "samples"
RECEIPT = ROOT / "images" / "receipt.jpg"
NEEDS = {"rapidocr": "pip install rapidocr", "tesseract": "apt install tesseract-ocr"}
Read = Callable[..., list[TextLine]]


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not is_installed(name), reason=f"needs {NEEDS[name]}")


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(threads=1)


@pytest.fixture(scope="module")
def read_sample(detector: Detector) -> Read:
    def of(name: str, recogniser: str = "rapidocr", quarters: int = 0) -> list[TextLine]:
        picture = np.rot90(read_image(ROOT / "images" / f"{name}.jpg"), quarters)
        return read(np.ascontiguousarray(picture), detector, open_recogniser(recogniser, 1))

    return of


def distance(one: str, other: str) -> int:
    """The characters to insert, delete or replace (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]


def texts(lines: Sequence[TextLine]) -> list[str]:
    return [line.text for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recogniser", "least", "most"),
    [
        pytest.param("rapidocr", 0.9, 0.04, marks=needs("rapidocr")),
        pytest.param("tesseract", 0.75, 0.15, marks=needs("tesseract")),
    ],
)
def test_most_words_of_the_samples_are_read(
    read_sample: Read, recogniser: str, least: float, most: float
) -> None:
    """Words that are found one for one: how many are read exactly, and their characters' error."""
    exact = wrong = letters = count = 0
    for sample in read_dataset("quads", ROOT, "test").samples:
        found = [word for line in read_sample(sample.name, recogniser) for word in line.words]
        outlines = shapely.polygons([word.quad for word in found])
        for truth in sample.words:
            outline = shapely.Polygon(truth.polygon)
            shared = shapely.area(shapely.intersection(outlines, outline))
            overlaps = shared / shapely.area(shapely.union(outlines, outline))
            if truth.text is None or overlaps.max() < 0.6:
                continue
            errors = distance(found[overlaps.argmax()].text, truth.text)
            exact += errors == 0
            wrong += errors
            letters += len(truth.text)
            count += 1
    assert count > 180
    assert exact / count >= least
    assert wrong / letters <= most


@needs("rapidocr")
@pytest.mark.parametrize("quarters", [0, 2])
def test_a_receipt_is_read_line_by_line_also_upside_down(read_sample: Read, quarters: int) -> None:
    found = texts(read_sample("receipt", quarters=quarters))
    assert found[:2] == ["CORNER KITCHEN", "18 Quay Street"]
    assert {"2 Flat white 7.20", "1 Soup of the day 6.80", "Thank you!"} <= set(found)


@needs("rapidocr")
@pytest.mark.parametrize("quarters", [0, 1, 3])
def test_text_on_its_side_is_read(read_sample: Read, quarters: int) -> None:
    """On the books' backs text runs downwards, in the turned pictures upwards and level."""
    found = " ".join(texts(read_sample("books", quarters=quarters)))
    for title in ("Field Notes", "The Tide Table", "COOKING WITH FIRE", "Okafor"):
        assert title in found


@needs("rapidocr")
def test_nothing_is_fetched_and_no_word_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError(f"a connection to {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    recognise = RapidOcr(threads=1)
    blank = np.full((56, 3 * LONGEST, 3), 255, np.uint8)
    assert recognise([blank]) == [("", 0.0)]
    assert recognise([]) == []


def test_a_function_of_ones_own_reads_the_words(detector: Detector) -> None:
    seen: list[npt.NDArray[np.uint8]] = []

    def number(pictures: Sequence[Picture]) -> list[Reading]:
        seen.extend(pictures)
        return [Reading(str(i), 1.0) for i in range(len(pictures))]

    picture = read_image(RECEIPT)
    words = detector(picture, characters=True)
    lines = read_words(picture, words, number)
    assert sum(len(line.words) for line in lines) == len(words) > 40
    assert all(crop.dtype == np.uint8 and crop.shape[2] == 3 for crop in seen)
    assert {line.score for line in lines} == {1.0}
    assert sorted(word.text for line in lines for word in line.words)[0] == "0"


def test_words_without_text_are_left_out(detector: Detector) -> None:
    picture = read_image(RECEIPT)
    words = detector(picture)
    assert read_words(picture, words, lambda crops: [Reading("", 0.0)] * len(crops)) == []
    assert read_words(picture, words[:0], lambda crops: []) == []


def test_wide_letters_are_read_as_one_word(detector: Detector) -> None:
    picture = read_image(RECEIPT)
    words = detector(picture)[:1]
    for seen, text in (("C O F F E E", "COFFEE"), ("a b", "a b"), ("to be or", "to be or")):
        reading = [Reading(seen, 1.0)]
        assert texts(read_words(picture, words, lambda crops, one=reading: one * len(crops))) == [  # type: ignore[misc]
            text
        ]


@pytest.mark.parametrize("name", NEEDS)
def test_a_recogniser_that_is_not_there_is_named_with_what_installs_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    monkeypatch.setenv("PATH", "")
    open_recogniser.cache_clear()
    with pytest.raises(ConfigError) as refused:
        read("no such picture.jpg", recogniser=name)
    assert NEEDS[name] in str(refused.value)


def test_an_unknown_recogniser_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected one of rapidocr, tesseract"):
        read(RECEIPT, recogniser="abbyy")


@needs("tesseract")
def test_tesseract_names_the_languages_that_it_lacks() -> None:
    with pytest.raises(ConfigError, match=r"has no data for xyz; installed are .*eng"):
        Tesseract("eng+xyz")


@needs("rapidocr")
def test_the_page_on_reading_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT.parents[1])
    page = Path("docs/reading.md").read_text("utf-8")
    snippets = [part.split("```")[0] for part in page.split("```python\n")[1:]]
    assert len(snippets) == 2
    for snippet in snippets:
        exec(snippet, {})
    said = capsys.readouterr().out
    assert "18 Quay Street" in said and "CR4FT 01" in said
