"""Any folder of pictures whose words are given as quads."""

from pathlib import Path

from craftlite.data.annotations import Annotation, Dataset
from craftlite.data.files.folder import read_folder
from craftlite.data.files.lines import quad_line, read_lines

UNKNOWN_TEXT = "?"
LAYOUTS = {
    "quads": [
        "images/<stem>.jpg (or .png, ...)",
        "gt/gt_<stem>.txt",
    ]
}


def read_quads(root: Path, split: str, need_pictures: bool) -> Dataset:
    """`images/<stem>.jpg` and `gt/gt_<stem>.txt` in ICDAR 2015's line format.

    `###` is a don't-care region, `?` a word that is readable but not transcribed. The folder has
    no splits: whichever is asked for, it is the whole folder.
    """
    return read_folder([root / "images"], root / "gt", read_lines(_line), need_pictures)


def _line(line: str) -> Annotation:
    found = quad_line(line)
    return found._replace(text=None) if found.text == UNKNOWN_TEXT else found
