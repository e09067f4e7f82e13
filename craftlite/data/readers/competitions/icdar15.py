"""ICDAR 2015 (incidental scene text), in the competition's own layout."""

from pathlib import Path

from craftlite.data.annotations import Dataset
from craftlite.data.files.folder import read_folder
from craftlite.data.files.lines import quad_line, read_lines

_TRAINING = ("ch4_training_images", "ch4_training_localization_transcription_gt")
FOLDERS = {
    "train": _TRAINING,
    "val": _TRAINING,
    "test": ("ch4_test_images", "Challenge4_Test_Task1_GT"),
}
VALIDATION = frozenset(f"img_{number}" for number in range(901, 1001))
LAYOUTS = {
    "icdar15": [
        "ch4_training_images/img_N.jpg",
        "ch4_training_localization_transcription_gt/gt_img_N.txt",
        "ch4_test_images/img_N.jpg",
        "Challenge4_Test_Task1_GT/gt_img_N.txt",
    ]
}


def read_icdar15(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read ICDAR 2015: quads with transcriptions; `###` is don't care.

    The competition has no validation split: img_901 to img_1000 of its training pictures are used
    as "val", and the other 900 as "train".
    """
    pictures, truths = (root / folder for folder in FOLDERS[split])

    def keep(stem: str) -> bool:
        return split == "test" or (stem in VALIDATION) == (split == "val")

    return read_folder([pictures], truths, read_lines(quad_line), need_pictures, keep=keep)
