"""From annotated pictures to training samples: readers, augmentation, targets and loading.

The table below lists the datasets that `--dataset` takes. It imports nothing, so any module can use
it. To add a dataset, write a reader in `readers/` and add a row.
"""

from dataclasses import dataclass, field

SPLITS = ("train", "val", "test")
AUTO = "auto"  # the layout of a folder is detected by `layout.py`
SYNTH = "synth"  # text generated during training, without a reader


@dataclass(frozen=True)
class Facts:
    """Facts about a dataset that are known before it is opened."""

    # The module in `readers/own/` or `readers/competitions/` with the function `read_NAME`.
    reader: str
    splits: tuple[str, ...] = ("train",)
    own: bool = False  # whether it is a layout for the user's own data, without fixed splits
    protocol: str = "iou"  # the protocol that its competition scores by
    recipe: str = "icdar15"  # the recipe for training on this dataset alone
    # Long side in pixels that the authors of CRAFT scaled pictures to (Baek et al., CVPR 2019,
    # section 4.3), and their thresholds (issues 38, 70 and 85 of their repository), if published.
    craft_long_side: int | None = None
    craft_thresholds: dict[str, float] = field(default_factory=dict)


_TESTED, _VALIDATED = ("train", "test"), ("train", "val")
DATASETS = {
    "icdar13": Facts(
        "icdar13", _TESTED, protocol="deteval", craft_long_side=960, craft_thresholds={"link": 0.2}
    ),
    "icdar15": Facts(
        "icdar15",
        SPLITS,
        craft_long_side=2240,
        craft_thresholds={"text": 0.85, "link": 0.2, "low": 0.5},
    ),
    "icdar2003": Facts("icdar2003", _VALIDATED),
    "mlt17": Facts("mlt", _VALIDATED, craft_long_side=2560),
    "mlt19": Facts("mlt"),
    "totaltext": Facts("totaltext", _TESTED, protocol="deteval-polygon", craft_long_side=1280),
    "ctw1500": Facts("ctw1500", _TESTED, protocol="iou-polygon", craft_long_side=1024),
    "td500": Facts("td500", _TESTED, protocol="td500", craft_long_side=1600),
    "art": Facts("art", protocol="iou-polygon"),
    "lsvt": Facts("art", protocol="iou-polygon"),
    "textocr": Facts("textocr", _VALIDATED, protocol="iou-polygon"),
    "cocotext": Facts("textocr", _VALIDATED),
    "synthtext": Facts("synthtext", recipe="synth"),
    "words": Facts("words", SPLITS, own=True, recipe="finetune"),
    "quads": Facts("quads", SPLITS, own=True, recipe="finetune"),
    "coco": Facts("coco", SPLITS, own=True, recipe="finetune"),
    "labelme": Facts("labelme", SPLITS, own=True, recipe="finetune"),
    "labelstudio": Facts("labelstudio", SPLITS, own=True, recipe="finetune"),
    "cvat": Facts("cvat", SPLITS, own=True, recipe="finetune"),
    "paddleocr": Facts("paddleocr", SPLITS, own=True, recipe="finetune"),
    "voc": Facts("voc", SPLITS, own=True, recipe="finetune"),
    "yolo": Facts("yolo", SPLITS, own=True, recipe="finetune"),
    "csv": Facts("csv", SPLITS, own=True, recipe="finetune"),
}
