"""Any folder of pictures whose words are quads, or outlines of more points."""

from dataclasses import replace
from pathlib import Path

from craftlite.data.annotations import (
    LINE_WITHOUT_TEXT,
    MANY_NUMBERS,
    TEXT_OF_NUMBERS,
    Annotation,
    Dataset,
)
from craftlite.data.files.folder import read_folder
from craftlite.data.files.lines import (
    FEWEST_POINTS,
    expecting,
    leading_numbers,
    outline,
    quad_line,
    read_lines,
    transcribed,
)

UNKNOWN_TEXT = "?"
LAYOUTS = {
    "quads": [
        "images/<stem>.jpg (or .png, ...)",
        "gt/gt_<stem>.txt (or res_<stem>.txt)",
        "  x1,y1,x2,y2,x3,y3,x4,y4,text",
        "  a text of ? or none is unknown: the word is learnt and scored; ### is don't care: the "
        "region is neither learnt nor scored",
    ]
}


def fits(file: Path, content: object) -> bool:
    """Return whether a text file is in this layout, not in ICDAR 2003's, which also has `chars`."""
    named = file.match("gt/gt_*.txt") or file.match("gt/res_*.txt")
    return named and not (file.parent.parent / "chars").is_dir()


def read_quads(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read `images/<stem>.jpg` and `gt/gt_<stem>.txt`, whose lines `outline_line` parses.

    If `gt/gt_<stem>.txt` does not exist, `gt/res_<stem>.txt` is read, as written by `craftlite
    detect --format icdar`. The folder has no splits: each split is the whole folder.
    """
    names = ("gt_{}.txt", "res_{}.txt")
    read = read_lines(outline_line)
    dataset = read_folder([root / "images"], root / "gt", read, need_pictures, truth_names=names)
    if any(word.text for sample in dataset.samples for word in sample.words):
        return dataset
    problems = [problem for problem in dataset.problems if problem.what != LINE_WITHOUT_TEXT]
    return replace(dataset, problems=problems)


def outline_line(line: str) -> Annotation:
    """Parse `x1,y1,x2,y2,x3,y3,x4,y4,text`, or a line with 6 or more points instead of 4.

    The text may be missing. `###` is a don't-care region, `?` a word that is readable but not
    transcribed. Put a text that begins with numbers in double quotes.
    """
    fields = line.split(",")
    numbers = leading_numbers(fields)
    if numbers == len(fields) == 8:
        found = quad_line(f"{line},{UNKNOWN_TEXT}")._replace(doubt=LINE_WITHOUT_TEXT)
    elif numbers >= 2 * FEWEST_POINTS:
        found = _long_line(line)._replace(doubt=MANY_NUMBERS)
    else:
        found = quad_line(line)
        if numbers > 8 and len(fields) > 9:
            found = found._replace(doubt=TEXT_OF_NUMBERS)
    return found._replace(text=None) if found.text == UNKNOWN_TEXT else found


@expecting(
    "x and y of each point and a text: x1,y1,x2,y2,...,text; "
    "put a text that begins with a number in double quotes"
)
def _long_line(line: str) -> Annotation:
    fields = line.split(",")
    numbers = leading_numbers(fields)
    even = numbers - numbers % 2
    if even < numbers < len(fields):
        raise ValueError("an odd number of coordinates, and a text")
    return transcribed(outline(fields[:even]), ",".join(fields[even:]) or UNKNOWN_TEXT)
