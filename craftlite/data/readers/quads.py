"""Any folder of pictures whose words are given as quads."""

from dataclasses import replace
from pathlib import Path

from craftlite.data.readers.folder import Dataset, check_split, read_folder
from craftlite.data.readers.lines import quad_word
from craftlite.data.sample import Word

UNKNOWN_TEXT = "?"


def read_quads(root: Path, split: str, need_pictures: bool = True) -> Dataset:
    """`images/<stem>.jpg` and `gt/gt_<stem>.txt` in ICDAR 2015's line format.

    `###` is a don't-care region, `?` a word that is readable but not transcribed. The folder has
    no splits: whichever is asked for, it is the whole folder.

    Raises:
        DatasetError: see read_folder.
    """
    check_split("quads", split)
    return read_folder(
        root / "images",
        root / "gt",
        _word,
        layout="quads is expected as images/<stem>.jpg and gt/gt_<stem>.txt",
        need_pictures=need_pictures,
    )


def _word(line: str) -> Word:
    word = quad_word(line)
    return replace(word, text=None) if word.text == UNKNOWN_TEXT else word
