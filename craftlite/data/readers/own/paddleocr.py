"""PaddleOCR and PPOCRLabel: a Label.txt with a picture and a list of its words on each line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from craftlite.data.annotations import Dataset, IssueLog, UnreadableError
from craftlite.data.files.json_file import checked, json_flag, json_outline, member, parsed_json
from craftlite.data.files.labelled import (
    Labelled,
    LabelledWord,
    each_word,
    label_files,
    labelled_word,
    read_labelled,
)
from craftlite.data.files.lines import read_bytes, read_text, text_lines
from craftlite.data.files.tree import Tree

LAYOUTS = {
    "paddleocr": [
        "Label.txt (or any .txt; train, val or test in its name sets the split)",
        '  images/a.jpg<TAB>[{"transcription": "Café", "points": [[x, y], ...]}, ...]',
        "images/<any>.jpg (relative to the folder of Label.txt, or to the one above)",
    ]
}
HIDDEN = "*"  # like `###`: PaddleOCR does not train on such words
UNKNOWN = ("TEMPORARY", "待识别")  # PPOCRLabel's placeholders for a text that was not typed yet


def fits(file: Path, content: object) -> bool:
    """Return whether a file's text is in this format."""
    return isinstance(content, str) and file.suffix == ".txt" and "\t[" in content


def read_paddleocr(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read PaddleOCR: polygons with transcriptions; difficult ones are don't care."""
    return read_labelled(labelled, root, split, need_pictures)


def labelled(tree: Tree, notes: IssueLog) -> Iterator[Labelled]:
    """Yield the pictures of all files."""
    for file, _ in label_files(tree, ".txt", read_text, fits, notes):
        split = tree.split_of(file, by_name=True)
        with notes.catching():
            for where, line in text_lines(read_bytes(file), str(file)):
                with notes.catching():
                    yield _picture(where, line, file, split, tree, notes)


def _picture(
    where: str, line: str, file: Path, split: str | None, tree: Tree, notes: IssueLog
) -> Labelled:
    name, tab, text = line.partition("\t")
    if not tab:
        raise UnreadableError(where, line, "a picture's path, a tab and a JSON list of its words")
    listed = checked(parsed_json(text, lambda _: where), list, where, "the words")
    words = each_word(
        ((where, (f"[{number}]", entry)) for number, entry in enumerate(listed)), _word, notes
    )
    picture = tree.find(name.strip(), where, file.parent)
    return Labelled(where, name.strip(), picture, words, split)


def _word(entry: tuple[str, Any], where: str) -> LabelledWord:
    key, value = entry
    word = checked(value, dict, where, key)
    text = member(word, "transcription", str, where)
    outline = json_outline(word.get("points"), where, f"{key}.points")
    difficult = json_flag(word.get("difficult"), where, f"{key}.difficult")
    known = None if text in UNKNOWN else text
    return labelled_word(where, outline, known, ignore=difficult or text == HIDDEN)
