"""Time scoring by each protocol: 500 pictures with 5000 words, and as many detections.

    python tools/bench_eval.py

Words lie on pages in all directions; one detection in four is merged, split or misplaced.
"""

import argparse
import json
import time

import numpy as np

from craftlite.data.sample import Word
from craftlite.evaluate.detections import Detections
from craftlite.evaluate.protocols.metric import PROTOCOLS, Metric
from craftlite.geometry import Points, box

PICTURES, WORDS = 500, 10


def page(rng: np.random.Generator) -> tuple[list[Word], Detections]:
    """The truths of one picture, and detections a few pixels off."""
    truths, outlines = list[Word](), list[Points]()
    for _ in range(WORDS):
        x, y = rng.uniform(0, 1200, 2)
        quad = box(x, y, x + rng.uniform(20, 120), y + rng.uniform(10, 30))
        angle = np.deg2rad(rng.uniform(-30, 30))
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        quad = np.asarray((quad - quad.mean(axis=0)) @ turn + quad.mean(axis=0), np.float32)
        truths.append(Word(quad, "word", ignore=bool(rng.random() < 0.3)))
        outlines.append(np.rint(quad + rng.normal(0, 12 if rng.random() < 0.25 else 1, (4, 2))))
    return truths, Detections(outlines, outlines, rng.random(WORDS).astype(np.float32))


def main() -> None:
    """Print the seconds of each protocol as one JSON object."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    rng = np.random.default_rng(0)
    pages = [page(rng) for _ in range(PICTURES)]
    seconds = {}
    for name in PROTOCOLS:
        if name == "cleval":
            continue
        start = time.perf_counter()
        metric = Metric(name)
        for truths, detections in pages:
            metric.update(truths, detections)
        metric.summary()
        seconds[name] = round(time.perf_counter() - start, 2)
    print(json.dumps({"pictures": PICTURES, "words": PICTURES * WORDS, "seconds": seconds}))


if __name__ == "__main__":
    main()
