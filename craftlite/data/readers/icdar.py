"""ICDAR 2013 (focused) and 2015 (incidental) scene text, in the competitions' own layouts."""

from pathlib import Path

from craftlite.data.readers.folder import Dataset, check_split, read_folder
from craftlite.data.readers.lines import box_word, quad_word

ICDAR13_FOLDERS = {
    "train": ("Challenge2_Training_Task12_Images", "Challenge2_Training_Task1_GT"),
    "test": ("Challenge2_Test_Task12_Images", "Challenge2_Test_Task1_GT"),
}
_ICDAR15_TRAINING = ("ch4_training_images", "ch4_training_localization_transcription_gt")
ICDAR15_FOLDERS = {
    "train": _ICDAR15_TRAINING,
    "val": _ICDAR15_TRAINING,
    "test": ("ch4_test_images", "Challenge4_Test_Task1_GT"),
}
ICDAR15_VALIDATION = frozenset(f"img_{number}" for number in range(901, 1001))


def read_icdar15(root: Path, split: str, need_pictures: bool = True) -> Dataset:
    """ICDAR 2015: quads with transcriptions; `###` marks what is not to be scored.

    The competition has no validation split: img_901 to img_1000 of its training pictures are kept
    apart as "val", and "train" is the other 900.

    Raises:
        DatasetError: see read_folder.
    """
    check_split("icdar15", split, ICDAR15_FOLDERS)
    pictures, truths = ICDAR15_FOLDERS[split]

    def keep(stem: str) -> bool:
        return split == "test" or (stem in ICDAR15_VALIDATION) == (split == "val")

    return read_folder(
        root / pictures,
        root / truths,
        quad_word,
        layout=_layout("icdar15", split, pictures, truths),
        keep=keep,
        need_pictures=need_pictures,
    )


def read_icdar13(root: Path, split: str, need_pictures: bool = True) -> Dataset:
    """ICDAR 2013: upright boxes with transcriptions, as quads; splits "train" and "test".

    Raises:
        DatasetError: see read_folder.
    """
    check_split("icdar13", split, ICDAR13_FOLDERS)
    pictures, truths = ICDAR13_FOLDERS[split]
    return read_folder(
        root / pictures,
        root / truths,
        box_word,
        layout=_layout("icdar13", split, pictures, truths),
        need_pictures=need_pictures,
    )


def _layout(name: str, split: str, pictures: str, truths: str) -> str:
    which = " (img_901 to img_1000)" if split == "val" else ""
    return f"{name} {split}{which} is expected as {pictures}/img_N.jpg and {truths}/gt_img_N.txt"
