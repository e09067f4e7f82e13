"""Judge lines and reading order on generated pictures, from true words and from detected ones.

    python -m tools.bench_reading_order --detect

The layouts are those of `tools/known_layouts.py`. A line is right if it holds the very words of a
true line; words that were not detected are left out of both. Order: the share of words that follow
each other in truth and in the result, and Kendall's tau. `td500` is the H-mean of the lines'
outlines by the protocol of MSRA-TD500.
"""

import argparse
import json
import time

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.sample import Word
from craftlite.data.word_geometry import least_rectangle
from craftlite.detector import Detector
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.metric import Metric
from craftlite.evaluate.protocols.overlap import overlap
from craftlite.geometry import Points
from craftlite.words import Words
from tools.known_layouts import LAYOUTS, SIZE, Truth, truths

MIN_IOU = 0.5  # of a detection and the true word that it stands for
Indices = npt.NDArray[np.intp]


class Sums:
    """What the pictures of one layout come to."""

    def __init__(self) -> None:
        self.true = self.found = self.right = self.pairs = self.kept = 0
        self.taus: list[float] = []
        self.seconds: list[float] = []
        self.td500 = Metric("td500")

    def add(self, words: Words, owners: Indices, truth: Truth) -> None:
        """owners: (N,) the true word that each of the words stands for, -1 for none."""
        start = time.process_time()
        lines = words.lines()
        self.seconds.append(time.process_time() - start)
        outlines = [line.polygon for line in lines]
        scores = np.ones(len(outlines), np.float32)
        self.td500.update(true_lines(truth), Detections(outlines, outlines, scores))
        known = [[int(w) for w in owners[list(line.words)] if w >= 0] for line in lines]
        self._add_lines([set(line) for line in known if line], truth)
        self._add_order([word for line in known for word in line], truth)

    def _add_lines(self, found: list[set[int]], truth: Truth) -> None:
        known = sorted(word for line in found for word in line)
        true = [{w for w in known if truth.lines[w] == n} for n in set(truth.lines)]
        self.true += sum(bool(line) for line in true)
        self.found += len(found)
        self.right += sum(line in true for line in found)

    def _add_order(self, order: list[int], truth: Truth) -> None:
        place = {word: rank for rank, word in enumerate(order)}
        for unit in set(truth.units):
            ranks = np.array([place[w] for w in sorted(order) if truth.units[w] == unit])
            if len(ranks) > 1:
                self.pairs += len(ranks) - 1
                self.kept += int((np.diff(ranks) == 1).sum())
                signs = np.sign(ranks[None, :] - ranks[:, None])
                self.taus.append(float(signs[np.triu_indices(len(ranks), 1)].mean()))

    def figures(self) -> dict[str, float]:
        """In percent, but for the number of lines, tau and the milliseconds a picture."""
        precision, recall = self.right / max(self.found, 1), self.right / max(self.true, 1)
        return {
            "lines": self.true,
            "precision": round(100 * precision, 1),
            "recall": round(100 * recall, 1),
            "hmean": round(200 * precision * recall / max(precision + recall, 1e-9), 1),
            "following": round(100 * self.kept / max(self.pairs, 1), 1),
            "tau": round(float(np.mean(self.taus)), 3),
            "td500": round(100 * self.td500.summary().hmean, 1),
            "ms": round(1000 * float(np.median(self.seconds)), 1),
        }


def true_lines(truth: Truth) -> list[Word]:
    """The true lines as the least rectangles around their words."""
    numbers = np.array(truth.lines)
    return [
        Word(least_rectangle(np.concatenate([truth.words[w].polygon for w in members])))
        for members in (np.flatnonzero(numbers == number) for number in np.unique(numbers))
    ]


def true_words(truth: Truth, rng: np.random.Generator) -> tuple[Words, Indices]:
    """The true words in the form of detected ones and in a random order, and their numbers."""
    owners = rng.permutation(len(truth.words))
    polygons = tuple(truth.words[owner].polygon for owner in owners)
    quads = np.array([_detected_quad(polygon) for polygon in polygons], np.float32)
    scores = np.ones(len(owners), np.float32)
    return Words(quads.reshape(-1, 4, 2), polygons, scores, SIZE), owners


def _detected_quad(polygon: Points) -> Points:
    """An outline's quad, from the corner with the smallest x + y, as a detection's."""
    quad = polygon if len(polygon) == 4 else cv2.boxPoints(cv2.minAreaRect(polygon))
    return np.roll(quad, -int(quad.sum(axis=1).argmin()), axis=0).astype(np.float32)


def found_words(truth: Truth, detector: Detector) -> tuple[Words, Indices]:
    """The detected words, and the true word that each stands for."""
    words = detector(truth.picture)
    iou = overlap(truth.words, words.polygons).iou()
    owners = np.full(len(words), -1)
    for flat in np.argsort(-iou, axis=None, kind="stable"):
        true, found = np.unravel_index(flat, iou.shape)
        if iou[true, found] <= MIN_IOU:
            break
        if owners[found] < 0 and true not in owners:
            owners[found] = true
    return words, owners


def main() -> None:
    """Print the figures of each layout as a JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layouts", nargs="+", choices=LAYOUTS, default=list(LAYOUTS))
    parser.add_argument("--count", type=int, default=60, help="pictures of each layout")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--detect", action="store_true", help="also from detected words")
    parser.add_argument("--weights", default="craftlite-small")
    args = parser.parse_args()
    detector = Detector(args.weights) if args.detect else None
    for layout in args.layouts:
        sums = {"true words": Sums()} | ({"detected words": Sums()} if detector else {})
        for truth in truths(layout, args.count, args.seed):
            sums["true words"].add(*true_words(truth, np.random.default_rng(args.seed)), truth)
            if detector:
                sums["detected words"].add(*found_words(truth, detector), truth)
        figures = {name: one.figures() for name, one in sums.items()}
        print(json.dumps({"layout": layout, "pictures": args.count, **figures}), flush=True)


if __name__ == "__main__":
    main()
