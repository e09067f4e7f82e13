"""TextOCR and COCO-Text: one JSON file of pictures ("imgs") and words ("anns")."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from craftlite.data.annotations import DUPLICATE, Dataset, IssueLog, UnreadableError
from craftlite.data.files.folder import find_pictures, make_dataset
from craftlite.data.files.json_file import checked, json_outline, member, read_object
from craftlite.data.files.lines import Annotation
from craftlite.data.sample import Word

TEXTOCR_LAYOUT = """textocr is expected as
  train_images/<id>.jpg
  TextOCR_0.1_train.json
  TextOCR_0.1_val.json"""
COCOTEXT_LAYOUT = """cocotext is expected as
  train2014/COCO_train2014_NNNNNNNNNNNN.jpg
  cocotext.v2.json"""
ILLEGIBLE = "."

Parser = Callable[[dict[str, Any], str], Annotation]


def read_textocr(root: Path, split: str, need_pictures: bool = True) -> Dataset:
    """TextOCR: polygons with transcriptions; "." is don't care; splits "train" and "val".

    Raises:
        DatasetError: the folder, the file or a picture is missing.
    """
    notes = IssueLog()
    words_of: dict[str, list[Word]] = {}
    with notes.catching():
        labels = root / f"TextOCR_0.1_{split}.json"
        content = read_object(labels, TEXTOCR_LAYOUT, notes)
        name_of = {key: key for key in member(content, "imgs", dict, str(labels))}
        words_of = _words(content, name_of, _textocr_word, labels, notes)
    return _dataset(words_of, root / "train_images", TEXTOCR_LAYOUT, notes, need_pictures)


def read_cocotext(root: Path, split: str, need_pictures: bool = True) -> Dataset:
    """COCO-Text 2: polygons, the legible ones with texts; the rest is don't care.

    Splits "train" and "val"; the pictures of both are from COCO's train2014.

    Raises:
        DatasetError: the folder, the file or a picture is missing.
    """
    notes = IssueLog()
    words_of: dict[str, list[Word]] = {}
    with notes.catching():
        labels = root / "cocotext.v2.json"
        content = read_object(labels, COCOTEXT_LAYOUT, notes)
        name_of = _cocotext_names(content, split, labels, notes)
        words_of = _words(content, name_of, _cocotext_word, labels, notes)
    return _dataset(words_of, root / "train2014", COCOTEXT_LAYOUT, notes, need_pictures)


def _words(
    content: dict[str, Any], name_of: dict[str, str], parse: Parser, labels: Path, notes: IssueLog
) -> dict[str, list[Word]]:
    """The words of each picture, by its name; those of other splits are passed over."""
    pictures = member(content, "imgs", dict, str(labels))
    words_of: dict[str, list[Word]] = {name: [] for name in name_of.values()}
    for key, entry in member(content, "anns", dict, str(labels)).items():
        where = f"{labels}: anns/{key}"
        with notes.catching():
            word = checked(entry, dict, where, "a word")
            picture = str(word.get("image_id"))
            if picture not in pictures:
                raise UnreadableError(where, word.get("image_id"), "one of imgs for image_id")
            if picture in name_of:
                words_of[name_of[picture]].append(notes.word(where, *parse(word, where)))
    return words_of


def _textocr_word(word: dict[str, Any], where: str) -> Annotation:
    text = member(word, "utf8_string", str, where).strip()
    outline = json_outline(word.get("points"), where, "points")
    return Annotation(outline, text, ignore=text == ILLEGIBLE)


def _cocotext_names(
    content: dict[str, Any], split: str, labels: Path, notes: IssueLog
) -> dict[str, str]:
    """The names of the split's pictures by their ids."""
    key_of: dict[str, str] = {}
    for key, entry in member(content, "imgs", dict, str(labels)).items():
        where = f"{labels}: imgs/{key}"
        with notes.catching():
            picture = checked(entry, dict, where, "a picture")
            name = Path(member(picture, "file_name", str, where)).stem
            if member(picture, "set", str, where) != split:
                continue
            if key_of.setdefault(name, key) != key:
                notes.note(where, DUPLICATE, f"{name}, also imgs/{key_of[name]}")
    return {key: name for name, key in key_of.items()}


def _cocotext_word(word: dict[str, Any], where: str) -> Annotation:
    legibility = member(word, "legibility", str, where)
    if legibility not in ("legible", "illegible"):
        raise UnreadableError(where, legibility, '"legible" or "illegible" for legibility')
    text = member({"utf8_string": ""} | word, "utf8_string", str, where).strip()
    outline = json_outline(word.get("mask"), where, "mask")
    return Annotation(outline, text, ignore=legibility == "illegible")


def _dataset(
    words_of: dict[str, list[Word]], folder: Path, layout: str, notes: IssueLog, need_pictures: bool
) -> Dataset:
    keep = words_of.__contains__
    picture_of = find_pictures([folder], layout, notes, keep, need_pictures)
    return make_dataset(words_of, picture_of, [folder], layout, notes, need_pictures)
