"""Timing networks, engines and whole detectors against each other, interleaved."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import NamedTuple, TypeVar

import cv2
import numpy as np

from craftlite.data.sample import Word
from craftlite.data.targets import render_targets
from craftlite.data.word_geometry import split_evenly
from craftlite.detector import open_runtime
from craftlite.errors import ConfigError
from craftlite.geometry import Size, box
from craftlite.postprocess import Thresholds, words_from_maps
from craftlite.runtime import Engine, Runtime, Tensor
from craftlite.weights import Weights, catalogue, find_weights

BENCH_WORDS = 50
BENCH_COLUMNS = 5


class Timing(NamedTuple):
    """Milliseconds of several runs of one thing."""

    median: float
    fastest: float
    slowest: float


def has_weights(name: str) -> bool:
    """Return whether a name is of weights, shipped or an ONNX file, and not just of a network."""
    return name in catalogue() or Path(name).suffix == ".onnx"


def open_network(name: str, threads: int | None, engine: Engine = "onnxruntime") -> Runtime:
    """Open a shipped or given ONNX file, or export a network by name with random weights.

    A network's speed does not depend on its weights, so the original CRAFT can be timed although
    its weights are not shipped. Random weights need torch and onnx.

    Raises:
        ConfigError: the name is none of these, or the engine is not installed.
        WeightsError: the file cannot be used, or not by this engine.
    """
    if has_weights(name):
        return open_runtime(find_weights(name), engine, "cpu", threads)
    from craftlite import export, model

    if name not in model.DETECTORS:
        networks = ", ".join(dict.fromkeys((*catalogue(), *model.DETECTORS)))
        raise ConfigError(f"--weights {name}: neither an .onnx file nor one of {networks}")
    with tempfile.TemporaryDirectory() as folder:
        onnx = Path(folder) / "random.onnx"
        export.export_untrained(name, onnx)
        return open_runtime(Weights(name, onnx, None), engine, "cpu", threads)


Key = TypeVar("Key")


def time_in_turn(actions: Mapping[Key, Callable[[], object]], runs: int) -> dict[Key, Timing]:
    """Time each action `runs` times, A B A B ..., after one untimed run of each.

    They are interleaved so that a machine whose speed drifts affects all of them alike.
    """
    milliseconds: dict[Key, list[float]] = {name: [] for name in actions}
    for _ in range(runs + 1):
        for name, action in actions.items():
            start = time.perf_counter()
            action()
            milliseconds[name].append(1000 * (time.perf_counter() - start))
    return {
        name: Timing(statistics.median(times[1:]), min(times[1:]), max(times[1:]))
        for name, times in milliseconds.items()
    }


def noise(size: Size) -> Tensor:
    """Return random network input of `size` (width, height), multiples of 32."""
    return np.random.default_rng(0).normal(size=(1, 3, size[1], size[0])).astype(np.float32)


def draw_picture(size: Size) -> bytes:
    """Return a JPEG file of `size` (width, height) with BENCH_WORDS words in dark letters."""
    picture = np.full((size[1], size[0], 3), 225, np.uint8)
    for number, (left, _, right, bottom) in enumerate(_grid(size)):
        word, scale = f"Word{number:02}", (right - left) / 115
        cv2.putText(picture, word, (round(left), round(bottom)), 0, scale, (40, 30, 30), 2, 16)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def rapidocr(threads: int | None) -> Callable[[Path | bytes], object]:
    """Return RapidOCR's detector with its own settings, from a picture's file to boxes of lines.

    Raises:
        ModuleNotFoundError: RapidOCR is not installed.
    """
    from rapidocr import RapidOCR

    settings = {"Global.log_level": "error"} | {
        f"EngineConfig.onnxruntime.{name}_op_num_threads": int(number)  # rejects subclasses of int
        for name, number in (("intra", threads), ("inter", 1))
        if number
    }
    engine = RapidOCR(params=settings)
    return lambda file: engine(file, use_det=True, use_cls=False, use_rec=False)


def _grid(size: Size) -> Iterable[tuple[float, float, float, float]]:
    """Yield left, top, right and bottom of BENCH_WORDS words on a regular grid."""
    width, height = size[0] / BENCH_COLUMNS, size[1] * BENCH_COLUMNS / BENCH_WORDS
    for row, column in product(range(BENCH_WORDS // BENCH_COLUMNS), range(BENCH_COLUMNS)):
        x, y = column * width, row * height
        yield x + 0.15 * width, y + 0.3 * height, x + 0.85 * width, y + 0.7 * height


def time_postprocess(size: Size, runs: int) -> tuple[int, Timing]:
    """Time the post-processing of maps of BENCH_WORDS words; return the number found and the time.

    The words have seven characters each and lie on a regular grid in a picture of `size`.
    """
    quads = [box(*sides) for sides in _grid(size)]
    words = [Word(quad, "abcdefg", False, split_evenly(quad, 7)) for quad in quads]
    region, affinity = render_targets(words, size)[0]
    found = len(words_from_maps(region, affinity, Thresholds(), polygons=True))
    action = {"post-processing": lambda: words_from_maps(region, affinity, Thresholds())}
    return found, time_in_turn(action, runs)["post-processing"]
