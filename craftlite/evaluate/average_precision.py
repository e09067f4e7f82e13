"""Average precision of an object detector as COCO defines it, and its uncertainty.

Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014, as computed by its own package
pycocotools: the mean over classes, over IoU from 0.5 to 0.95 in steps of 0.05, and over 101 levels
of recall. Objects marked as difficult count neither for nor against a detector, as in Pascal VOC
(Everingham et al., 2010, section 4.2); pycocotools calls them crowds.
"""

from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from craftlite.data.objects import ObjectPicture
from craftlite.objects.result import MOST_FOUND, Objects

LEAST_SCORE = 0.01  # minimum score of the detections that are evaluated
DRAWS = 1000  # bootstrap samples, each as expensive as an evaluation
RECALLS = np.linspace(0, 1, 101)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ClassMatches:
    """The detections of one class in P pictures, sorted by falling score, at T levels of IoU.

    Attributes:
        picture: (D,) int64, the number of each detection's picture.
        right, wrong: (T, D) bool; both are False for a detection of a difficult object.
        truths: (P,) int64, the number of objects in each picture, without difficult ones.
    """

    picture: npt.NDArray[np.int64]
    right: npt.NDArray[np.bool_]
    wrong: npt.NDArray[np.bool_]
    truths: npt.NDArray[np.int64]

    def precisions(self, weights: Floats) -> Floats:
        """Return the average precision (T,) if each picture counts `weights` (P,) times.

        NaN if no picture with a positive weight has an object of the class.
        """
        total = weights @ self.truths
        levels = len(self.right)
        if not total:
            return np.full(levels, np.nan)
        each = weights[self.picture]
        right = np.cumsum(self.right * each, axis=1)
        found = right + np.cumsum(self.wrong * each, axis=1)
        precision = right / np.maximum(found, np.finfo(float).eps)
        # At each recall, the best precision from there on; it is 0 beyond the last detection.
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        best = np.hstack([best, np.zeros((levels, 1))])
        places = np.array([np.searchsorted(recall, RECALLS) for recall in right / total])
        return np.asarray(np.take_along_axis(best, places, axis=1).mean(axis=1))


@dataclass(frozen=True, eq=False)
class Precision:
    """The results of a detector on the pictures of a split.

    Attributes:
        ap: COCO's average precision, 0..1.
        ap50: the average precision at an IoU of 0.5.
        of_class: `ap` of each class that occurs in the pictures.
        matches: the matches of each class, which `resampled` draws from.
    """

    ap: float
    ap50: float
    of_class: dict[str, float]
    matches: Sequence[ClassMatches]

    def resampled(self) -> Floats:
        """Return `ap` and `ap50` (DRAWS, 2) of bootstrap samples of the pictures.

        The samples are always the same, so differences of two detectors are paired (see
        `craftlite.evaluate.bootstrap`).
        """
        pictures = len(self.matches[0].truths)
        shares = np.full(pictures, 1 / pictures)
        counts = np.random.default_rng(0).multinomial(pictures, shares, size=DRAWS)
        return np.array([figures_of(self.matches, row) for row in counts.astype(np.float64)])


def figures_of(matches: Sequence[ClassMatches], weights: Floats) -> tuple[float, float]:
    """Return `ap` and `ap50` if each picture counts `weights` (P,) times."""
    table = np.array([one.precisions(weights) for one in matches])
    return float(np.nanmean(table)), float(np.nanmean(table[:, 0]))


def precision_of(
    pictures: Sequence[ObjectPicture], found: Sequence[Objects], classes: Sequence[str]
) -> Precision:
    """Score the objects found in each of the pictures."""
    truths = [
        _annotations(number, classes, one.boxes, one.labels, iscrowd=one.difficult.astype(int))
        for number, one in enumerate(pictures)
    ]
    detections = [
        _annotations(number, classes, one.boxes, one.labels, score=one.scores)
        for number, one in enumerate(found)
    ]
    with redirect_stdout(StringIO()):  # pycocotools prints its progress
        judge = COCOeval(
            _coco(len(pictures), classes, truths), _coco(len(pictures), classes, detections), "bbox"
        )
        judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
        judge.params.maxDets = [MOST_FOUND]
        judge.evaluate()
        judge.accumulate()
    table = judge.eval["precision"][:, :, :, 0, 0]  # IoU levels, recalls, classes; -1: no objects
    there = [place for place in range(len(classes)) if table[0, 0, place] >= 0]
    cells = np.array(judge.evalImgs, object).reshape(len(classes), len(pictures))
    return Precision(
        ap=float(table[:, :, there].mean()),
        ap50=float(table[0, :, there].mean()),
        of_class={classes[place]: float(table[:, :, place].mean()) for place in there},
        matches=[_matches(cells[place]) for place in there],
    )


def _annotations(
    picture: int, classes: Sequence[str], boxes: Any, labels: Sequence[str], **facts: Any
) -> list[dict[str, Any]]:
    """Return the objects of one picture in COCO's form; `facts` have one value per object."""
    entries = []
    for place, (label, (left, top, right, bottom)) in enumerate(
        zip(labels, boxes.tolist(), strict=True)
    ):
        sides = {"bbox": [left, top, right - left, bottom - top]}
        area = {"area": (right - left) * (bottom - top), "iscrowd": 0}
        own = {name: values[place].item() for name, values in facts.items()}
        ids = {"image_id": picture, "category_id": classes.index(label)}
        entries.append(ids | sides | area | own)
    return entries


def _coco(
    pictures: int, classes: Sequence[str], annotations: Sequence[list[dict[str, Any]]]
) -> COCO:
    listed = [entry for some in annotations for entry in some]
    coco = COCO()
    coco.dataset = {
        "images": [{"id": number} for number in range(pictures)],
        "categories": [{"id": number} for number in range(len(classes))],
        # pycocotools treats a match with id 0 as no match, so ids begin with 1.
        "annotations": [entry | {"id": number} for number, entry in enumerate(listed, 1)],
    }
    coco.createIndex()
    return coco


def _matches(cells: Sequence[Any]) -> ClassMatches:
    """Convert pycocotools' results for one class, one cell per picture; None is an empty cell."""
    levels = 10
    known = [(number, cell) for number, cell in enumerate(cells) if cell is not None]
    truths = np.zeros(len(cells), np.int64)
    for number, cell in known:
        truths[number] = np.count_nonzero(np.asarray(cell["gtIgnore"]) == 0)
    numbers = [np.full(len(cell["dtScores"]), number) for number, cell in known]
    scores = np.concatenate([np.asarray(cell["dtScores"], float) for _, cell in known])
    order = np.argsort(-scores, kind="mergesort")
    tables = [cell["dtMatches"].reshape(levels, -1) for _, cell in known]
    matched = np.hstack(tables)[:, order] > 0
    ignored = np.hstack([cell["dtIgnore"].reshape(levels, -1) for _, cell in known])[:, order] > 0
    return ClassMatches(
        picture=np.concatenate(numbers)[order],
        right=matched & ~ignored,
        wrong=~matched & ~ignored,
        truths=truths,
    )
