"""TextOCR and COCO-Text: one JSON file of pictures ("imgs") and words ("anns")."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from craftlite.data.annotations import DUPLICATE, Annotation, Dataset, IssueLog, UnreadableError
from craftlite.data.files.folder import make_dataset
from craftlite.data.files.json_file import checked, json_outline, member, read_object
from craftlite.data.sample import Word

LAYOUTS = {
    "textocr": ["train_images/<id>.jpg", "TextOCR_0.1_train.json", "TextOCR_0.1_val.json"],
    "cocotext": ["train2014/COCO_train2014_NNNNNNNNNNNN.jpg", "cocotext.v2.json"],
}
ILLEGIBLE = "."

NameOf = Callable[[str, Any, str], str | None]
"""Returns a picture's name from its key and entry in "imgs" and its place; None if not in split."""
WordParser = Callable[[dict[str, Any], str], Annotation]


def read_textocr(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read TextOCR: polygons with transcriptions; "." is don't care."""
    notes = IssueLog()
    labels = root / f"TextOCR_0.1_{split}.json"
    words_of = _words(labels, lambda key, *_: key, _textocr_word, notes)
    return make_dataset(words_of, [root / "train_images"], notes, need_pictures)


def read_cocotext(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read COCO-Text 2: polygons, legible ones with texts; the others are don't care.

    The pictures of both splits are from COCO's train2014.
    """

    def name_of(key: str, entry: object, where: str) -> str | None:
        picture = checked(entry, dict, where, "a picture")
        name = Path(member(picture, "file_name", str, where)).stem
        return name if member(picture, "set", str, where) == split else None

    notes = IssueLog()
    words_of = _words(root / "cocotext.v2.json", name_of, _cocotext_word, notes)
    return make_dataset(words_of, [root / "train2014"], notes, need_pictures)


def _words(
    labels: Path, name_of: NameOf, parse: WordParser, notes: IssueLog
) -> dict[str, list[Word]]:
    """Return the words of each picture of the split, by the picture's name."""
    words_of: dict[str, list[Word]] = {}
    with notes.catching():
        content = read_object(labels, notes)
        pictures, entries = (member(content, key, dict, str(labels)) for key in ("imgs", "anns"))
        key_of = _keys(pictures, name_of, labels, notes)
        words_of = {name: [] for name in key_of}
        words_of_key = {key: words_of[name] for name, key in key_of.items()}
        for key, entry in entries.items():
            where = f"{labels}: anns/{key}"
            with notes.catching():
                word = checked(entry, dict, where, "a word")
                picture = str(word.get("image_id"))
                if picture not in pictures:
                    raise UnreadableError(where, word.get("image_id"), "one of imgs for image_id")
                if picture in words_of_key:
                    words_of_key[picture].append(notes.word(where, parse(word, where)))
    return words_of


def _keys(
    pictures: dict[str, Any], name_of: NameOf, labels: Path, notes: IssueLog
) -> dict[str, str]:
    """Return the keys in "imgs" of the split's pictures, by picture name."""
    key_of: dict[str, str] = {}
    for key, entry in pictures.items():
        where = f"{labels}: imgs/{key}"
        with notes.catching():
            name = name_of(key, entry, where)
            if name is not None and key_of.setdefault(name, key) != key:
                notes.note(where, DUPLICATE, f"{name}, also imgs/{key_of[name]}")
    return key_of


def _textocr_word(word: dict[str, Any], where: str) -> Annotation:
    text = member(word, "utf8_string", str, where).strip()
    outline = json_outline(word.get("points"), where, "points")
    return Annotation(outline, text, ignore=text == ILLEGIBLE)


def _cocotext_word(word: dict[str, Any], where: str) -> Annotation:
    legibility = member(word, "legibility", str, where)
    if legibility not in ("legible", "illegible"):
        raise UnreadableError(where, legibility, '"legible" or "illegible" for legibility')
    text = member({"utf8_string": ""} | word, "utf8_string", str, where).strip()
    outline = json_outline(word.get("mask"), where, "mask")
    return Annotation(outline, text, ignore=legibility == "illegible")
