"""ArT (ICDAR 2019) and LSVT (ICDAR 2019): curved text, one JSON file for all pictures."""

from collections.abc import Sequence
from pathlib import Path

from craftlite.data.annotations import Annotation, Dataset, IssueLog
from craftlite.data.files.folder import make_dataset
from craftlite.data.files.json_file import checked, json_outline, member, read_object
from craftlite.data.sample import Word
from craftlite.formats.record import DONT_CARE

LAYOUTS = {
    "art": [
        "train_images/gt_N.jpg",
        "train_labels.json",
    ],
    "lsvt": [
        "train_full_images_0/gt_N.jpg",
        "train_full_images_1/gt_N.jpg",
        "train_full_labels.json",
    ],
}


def read_art(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read ArT: polygons with transcriptions; `###` and "illegibility" are don't care."""
    return _read([root / "train_images"], root / "train_labels.json", need_pictures)


def read_lsvt(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read LSVT's fully annotated part, in the same form as ArT."""
    folders = [root / f"train_full_images_{part}" for part in (0, 1)]
    return _read(folders, root / "train_full_labels.json", need_pictures)


def _read(folders: Sequence[Path], labels: Path, need_pictures: bool) -> Dataset:
    notes = IssueLog()
    words_of: dict[str, list[Word]] = {}
    with notes.catching():
        for stem, entries in read_object(labels, notes).items():
            words_of[stem] = []
            with notes.catching():
                for number, entry in enumerate(checked(entries, list, f"{labels}: {stem}", stem)):
                    with notes.catching():
                        where = f"{labels}: {stem}[{number}]"
                        words_of[stem].append(notes.word(where, _word(entry, where)))
    return make_dataset(words_of, folders, notes, need_pictures)


def _word(entry: object, where: str) -> Annotation:
    word = checked(entry, dict, where, "a word")
    text = member(word, "transcription", str, where).strip()
    illegible = member({"illegibility": False} | word, "illegibility", bool, where)
    outline = json_outline(word.get("points"), where, "points")
    return Annotation(outline, text, ignore=illegible or text == DONT_CARE)
