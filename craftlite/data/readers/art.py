"""ArT (ICDAR 2019) and LSVT (ICDAR 2019): curved text, one JSON file for all pictures."""

from collections.abc import Sequence
from pathlib import Path

from craftlite.data.annotations import Dataset, IssueLog
from craftlite.data.files.folder import find_pictures, make_dataset
from craftlite.data.files.json_file import checked, json_outline, member, read_object
from craftlite.data.files.lines import DONT_CARE
from craftlite.data.sample import Word

ART_LAYOUT = """art is expected as
  train_images/gt_N.jpg
  train_labels.json"""
LSVT_LAYOUT = """lsvt is expected as
  train_full_images_0/gt_N.jpg
  train_full_images_1/gt_N.jpg
  train_full_labels.json"""


def read_art(root: Path, split: str, need_pictures: bool = True) -> Dataset:
    """ArT: polygons with transcriptions; `###` and "illegibility" are don't care; "train" alone.

    Raises:
        DatasetError: the folder, the file or a picture is missing.
    """
    folders = [root / "train_images"]
    return _read(folders, root / "train_labels.json", ART_LAYOUT, need_pictures)


def read_lsvt(root: Path, split: str, need_pictures: bool = True) -> Dataset:
    """LSVT's fully annotated part, in the same form as ArT.

    Raises:
        DatasetError: the folders, the file or a picture is missing.
    """
    folders = [root / f"train_full_images_{part}" for part in (0, 1)]
    return _read(folders, root / "train_full_labels.json", LSVT_LAYOUT, need_pictures)


def _read(folders: Sequence[Path], labels: Path, layout: str, need_pictures: bool) -> Dataset:
    notes = IssueLog()
    words_of: dict[str, list[Word]] = {}
    with notes.catching():
        for stem, entries in read_object(labels, layout, notes).items():
            words_of[stem] = []
            with notes.catching():
                for number, entry in enumerate(checked(entries, list, f"{labels}: {stem}", stem)):
                    with notes.catching():
                        words_of[stem].append(_word(entry, f"{labels}: {stem}[{number}]", notes))
    keep = words_of.__contains__
    picture_of = find_pictures(folders, layout, notes, keep, need_pictures)
    return make_dataset(words_of, picture_of, folders, layout, notes, need_pictures)


def _word(entry: object, where: str, notes: IssueLog) -> Word:
    word = checked(entry, dict, where, "a word")
    text = member(word, "transcription", str, where).strip()
    illegible = member({"illegibility": False} | word, "illegibility", bool, where)
    outline = json_outline(word.get("points"), where, "points")
    return notes.word(where, outline, text, ignore=illegible or text == DONT_CARE)
