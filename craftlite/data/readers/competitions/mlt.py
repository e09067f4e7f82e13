"""ICDAR 2017 and 2019 multi-lingual scene text (MLT), in the competitions' own layouts."""

from pathlib import Path

from craftlite.data.annotations import Annotation, Dataset
from craftlite.data.files.folder import natural_order, read_folder
from craftlite.data.files.lines import doubted, expecting, outline, read_lines, transcribed

# Folder of pictures (the training set comes in eight parts) and folder of ground truth.
FOLDERS17 = {
    "train": ("ch8_training_images", "ch8_training_localization_transcription_gt_v2"),
    "val": ("ch8_validation_images", "ch8_validation_localization_transcription_gt_v2"),
}
LAYOUTS = {
    "mlt17": [
        "ch8_training_images_1/img_N.jpg ... ch8_training_images_8/img_N.jpg "
        "(or one ch8_training_images/)",
        "ch8_training_localization_transcription_gt_v2/gt_img_N.txt",
        "ch8_validation_images/img_N.jpg",
        "ch8_validation_localization_transcription_gt_v2/gt_img_N.txt",
    ],
    "mlt19": [
        "ImagesPart1/tr_img_NNNNN.jpg",
        "ImagesPart2/tr_img_NNNNN.jpg",
        "train_gt_t13/tr_img_NNNNN.txt",
    ],
}


def read_mlt17(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read MLT 2017: quads in nine languages; `###` is don't care."""
    pictures, truths = FOLDERS17[split]
    parts = sorted(root.glob(f"{pictures}*"), key=lambda path: natural_order(path.name))
    read = read_lines(quad_script_line)
    return read_folder(parts or [root / pictures], root / truths, read, need_pictures)


def read_mlt19(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read MLT 2019: quads in ten languages; `###` is don't care."""
    parts = [root / "ImagesPart1", root / "ImagesPart2"]
    read = read_lines(quad_script_line)
    return read_folder(parts, root / "train_gt_t13", read, need_pictures, truth_names=["{}.txt"])


@expecting("8 numbers, a script and a text: x1,y1,x2,y2,x3,y3,x4,y4,script,text")
def quad_script_line(line: str) -> Annotation:
    """Parse `x1,y1,x2,y2,x3,y3,x4,y4,script,text`; the text may hold commas."""
    fields = line.split(",", 9)
    return doubted(transcribed(outline(fields[:8]), fields[9]), line)
