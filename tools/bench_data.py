"""Time how training data is made: milliseconds a sample on one thread.

    taskset -c 1 python tools/bench_data.py --backgrounds DIR

Each road's fastest and median pass over the same samples, divided by their number. The words of the
crops are drawn by this file, so that their figures do not depend on the generator, which is timed
by itself.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from craftlite.data.augment import Augmentation, random_crop
from craftlite.data.sample import Sample, Word
from craftlite.data.targets import render_targets
from craftlite.data.word_geometry import characters_of
from craftlite.synth.generator import Generator

CROP = 640
SIDE = 1100  # of the pictures, whose crops hold 12 words and 70 characters on average
ROWS, COLUMNS = 8, 3


def random_sample(rng: np.random.Generator) -> Sample:
    """A colourful picture of words with 2 to 10 characters, which two words in three know."""
    coarse = rng.integers(0, 256, (40, 40, 3)).astype(np.uint8)
    picture = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    places = [(column, row) for row in range(ROWS) for column in range(COLUMNS)]
    words = [random_word(rng, np.array(place) * SIDE / [COLUMNS, ROWS]) for place in places]
    return Sample("words", picture, tuple(words))


def random_word(rng: np.random.Generator, corner: npt.NDArray[np.float64]) -> Word:
    """A level word of 16 to 44 pixels height near a point of the picture."""
    count, height = int(rng.integers(2, 11)), rng.uniform(16, 44)
    left, top = corner + rng.uniform(5, 40, 2)
    right = left + 0.55 * height * count
    quad = [[left, top], [right, top], [right, top + height], [left, top + height]]
    word = Word(np.array(quad, np.float32), "x" * count)
    return replace(word, characters=characters_of(word)) if rng.random() < 2 / 3 else word


def milliseconds(work: Callable[[], object], repeats: int, samples: int) -> dict[str, float]:
    """Fastest and median time of a pass, for each of its samples."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3 / samples)
    return {"min_ms": round(min(times), 2), "median_ms": round(statistics.median(times), 2)}


def time_crops(samples: Sequence[Sample], repeats: int) -> dict[str, object]:
    """Augmentation, targets, and what the crops hold on average."""
    how = Augmentation()

    def crops() -> list[list[Word]]:
        rng = np.random.default_rng(0)
        return [random_crop(rng, s.pixels(), s.words, CROP, how)[1] for s in samples]

    inside = crops()
    characters = [sum(len(characters_of(word)) for word in words) for words in inside]
    return {
        "words": round(float(np.mean([len(words) for words in inside])), 1),
        "characters": round(float(np.mean(characters)), 1),
        "augmentation": milliseconds(crops, repeats, len(samples)),
        "targets": milliseconds(
            lambda: [render_targets(words, (CROP, CROP)) for words in inside], repeats, len(samples)
        ),
    }


def time_generator(generator: Generator, count: int, repeats: int) -> dict[str, object]:
    """Whole pictures, as `craftlite synth` makes them."""
    # The first pictures also read fonts and draw outlines, which later ones find in memory.
    samples = [generator.sample(number) for number in range(count)]
    timing = milliseconds(
        lambda: [generator.sample(number) for number in range(count)], repeats, count
    )
    words = [word for sample in samples for word in sample.words]
    return {
        "size": list(generator.size),
        "words": round(len(words) / count, 1),
        "characters": round(sum(len(word.text or "") for word in words) / count, 1),
        **timing,
        "pictures_per_second": round(1e3 / timing["median_ms"], 1),
    }


def main() -> None:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=60, help="different samples in a pass")
    parser.add_argument("--repeats", type=int, default=7, help="passes")
    parser.add_argument("--backgrounds", type=Path, help="photographs for the generator")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    samples = [random_sample(rng) for _ in range(args.samples)]
    facts = {
        "crops": time_crops(samples, args.repeats),
        "generator": time_generator(
            Generator.from_folders(args.backgrounds), 2 * args.samples, args.repeats
        ),
    }
    print(json.dumps(facts, indent=2))


if __name__ == "__main__":
    main()
