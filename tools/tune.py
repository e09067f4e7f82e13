"""Search the thresholds and the long side that suit a set of weights, on validation pictures.

    python tools/tune.py --weights runs/mine.onnx --data data/icdar15

Maps are computed once for each long side; every combination of GRID is then scored by the ICDAR
2015 protocol on img_901..1000. Prints the best combinations, best first, as JSON lines.
"""

import argparse
import itertools
import json
from pathlib import Path

from tqdm import tqdm

from craftlite import Detector, Thresholds
from craftlite.data.readers import read_dataset
from craftlite.data.sample import Sample
from craftlite.detector import Maps
from craftlite.evaluate.iou import IoU

LONG_SIDES = (1280, 1440, 1600)
GRID = {
    "text": (0.5, 0.55, 0.6, 0.65, 0.7),
    "link": (0.3, 0.4),
    "low": (0.3, 0.4, 0.45, 0.5),
}


def hmean(
    detector: Detector, samples: list[Sample], maps: list[Maps], thresholds: Thresholds
) -> dict[str, float]:
    """Precision, recall and H-mean of one combination of thresholds on maps that are known."""
    metric = IoU()
    for sample, one in zip(samples, maps, strict=True):
        words = detector.words(one, thresholds, polygons=False)
        metric.update(sample.words, words.quads.round())
    score = metric.summary()
    return {"precision": score.precision, "recall": score.recall, "hmean": score.hmean}


def main() -> None:
    """Search, and print the ten best."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default="craftlite-small", help="name or file")
    parser.add_argument("--data", type=Path, required=True, help="folder of icdar15")
    parser.add_argument("--threads", type=int)
    args = parser.parse_args()
    samples = read_dataset("icdar15", args.data, "val").samples
    rows = []
    for long_side in LONG_SIDES:
        detector = Detector(args.weights, long_side=long_side, threads=args.threads)
        maps = [detector.maps(sample.pixels()) for sample in tqdm(samples, desc=str(long_side))]
        for values in tqdm(list(itertools.product(*GRID.values()))):
            chosen = dict(zip(GRID, values, strict=True))
            if chosen["text"] >= chosen["low"]:
                score = hmean(detector, samples, maps, Thresholds(**chosen))
                rows.append({"long_side": long_side, **chosen, **score})
    for row in sorted(rows, key=lambda row: -row["hmean"])[:10]:
        print(json.dumps({key: round(value, 4) for key, value in row.items()}))


if __name__ == "__main__":
    main()
