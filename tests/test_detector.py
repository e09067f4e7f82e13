"""The detector as its users call it, on the weights that ship."""

import copy
import subprocess
import sys
import weakref
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from craftlite import Detector, Thresholds, Words, read_image
from craftlite.detector import BATCH, default_weights
from craftlite.errors import ConfigError, InputError, WeightsError
from craftlite.image import read_pages
from craftlite.runtime import Engine

SAMPLES = sorted((Path(__file__).parents[1] / "data/samples/images").glob("*.jpg"))


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector("craftlite-small", long_side=640, threads=2)


def same(one: Words, two: Words) -> bool:
    return len(one) == len(two) and np.allclose(one.quads, two.quads, atol=0.01)


def test_every_kind_of_picture_gives_the_same_words(detector: Detector) -> None:
    path = SAMPLES[0]
    from_path = detector(path)
    pixels = read_image(path)
    assert len(from_path) > 0
    assert from_path.size == (pixels.shape[1], pixels.shape[0])
    for picture in (str(path), path.read_bytes(), pixels, Image.open(path)):
        assert same(detector(picture), from_path)


def test_a_list_gives_what_its_pictures_give_alone(detector: Detector) -> None:
    pictures = [*SAMPLES[:3], SAMPLES[0], np.full((100, 900, 3), 128, np.uint8), SAMPLES[1]]
    together = detector(list(pictures))
    for picture, words in zip(pictures, together, strict=True):
        assert same(detector(picture), words)
    assert detector([]) == []


def test_words_lie_inside_the_picture(detector: Detector) -> None:
    for words in detector(list(SAMPLES), polygons=True, characters=True):
        assert words.characters is not None
        for points in (*words.quads, *words.polygons, *words.characters):
            assert np.all(points >= 0)
            assert np.all(points <= words.size)
        assert np.all((words.scores >= 0) & (words.scores <= 1))


def test_thresholds_act_on_known_maps(detector: Detector) -> None:
    maps = detector.maps(SAMPLES[0])
    strict = detector.words(maps, Thresholds(text=1.0, link=1.0, low=1.0))
    assert len(strict) < len(detector.words(maps))
    assert same(detector.words(maps), detector(SAMPLES[0]))


@pytest.mark.parametrize("size", [(1, 1), (3, 20000), (20000, 3), (31, 33)])
def test_extreme_shapes_give_no_error(detector: Detector, size: tuple[int, int]) -> None:
    words = detector(np.full((*size, 3), 200, np.uint8))
    assert words.size == (size[1], size[0])


def test_what_is_wrong_is_said(detector: Detector, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing"):
        detector(tmp_path / "missing.jpg")
    with pytest.raises(WeightsError, match="no such weights"):
        Detector("no-such-weights")
    with pytest.raises(ConfigError, match="long side"):
        Detector(long_side=8)
    with pytest.raises(ConfigError, match="long side 8"):
        detector.at(8)
    with pytest.raises(ConfigError, match=r"min_score=2: must be between 0 and 1"):
        detector(SAMPLES[0], min_score=2)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a network")
    with pytest.raises(WeightsError, match=r"broken\.onnx"):
        Detector(broken)


@pytest.mark.parametrize(
    ("engine", "name"),
    [(None, "craftlite-small-int8"), ("onnxruntime", "craftlite-small-int8")]
    + [(engine, "craftlite-small") for engine in ("openvino", "openvino-bf16", "torch")],
)
def test_the_default_weights_are_those_that_an_engine_runs_best(
    engine: Engine | None, name: str
) -> None:
    assert default_weights(engine, "cpu") == name


def test_without_weights_the_default_ones_are_used(detector: Detector) -> None:
    default = Detector(long_side=640)
    assert Path(default.runtime.source).stem == default_weights()
    assert not same(default(SAMPLES[0]), detector(SAMPLES[0]))


def test_torch_backend_agrees_with_onnx(detector: Detector) -> None:
    pytest.importorskip("torch")
    maps = detector.maps(SAMPLES[0])
    same_maps = Detector(long_side=640, backend="torch").maps(SAMPLES[0])
    assert np.abs(maps.region - same_maps.region).max() < 1e-4
    assert np.abs(maps.affinity - same_maps.affinity).max() < 1e-4


def test_neither_the_package_nor_detect_imports_torch() -> None:
    program = (
        "import sys, craftlite\n"
        "assert 'numpy' not in sys.modules\n"
        "from craftlite.cli import main\n"
        f"assert main(['detect', {str(SAMPLES[0])!r}, '--long-side', '320']) == 0\n"
        "assert 'torch' not in sys.modules\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("{")


def test_a_torch_file_needs_no_backend_named(detector: Detector) -> None:
    pytest.importorskip("torch")
    from craftlite.weights import catalogue

    file = catalogue()["craftlite-small"].torch
    assert file is not None
    words = Detector(file, long_side=640)(SAMPLES[0], detector.thresholds)
    assert same(words, detector(SAMPLES[0]))
    with pytest.raises(WeightsError, match="export"):
        Detector(file, backend="onnx")


def test_several_pictures_of_any_iterable(detector: Detector) -> None:
    expected = detector(list(SAMPLES[:6]))
    read = []

    def one_by_one() -> Iterator[Path]:
        for path in SAMPLES[:6]:
            read.append(path)
            yield path

    for pictures in (tuple(SAMPLES[:6]), one_by_one(), iter(SAMPLES[:6])):
        assert all(map(same, detector(pictures), expected))
    assert read == SAMPLES[:6]
    assert detector(()) == []


def test_pictures_of_a_generator_are_read_a_few_at_a_time(detector: Detector) -> None:
    alive: weakref.WeakSet[Drawn] = weakref.WeakSet()
    most = 0

    def drawn() -> Iterator[Drawn]:
        nonlocal most
        for _ in range(3 * BATCH):
            picture = np.full((64, 64, 3), 128, np.uint8).view(Drawn)
            alive.add(picture)
            most = max(most, len(alive))
            yield picture

    assert len(detector(drawn())) == 3 * BATCH
    assert most <= BATCH + 1


class Drawn(np.ndarray):
    """An array that weak references can be made to."""

    __hash__ = object.__hash__  # type: ignore[assignment]


def test_a_bad_picture_of_a_list_costs_itself_alone(detector: Detector) -> None:
    pictures = [SAMPLES[0], "missing.jpg", b"no picture", *SAMPLES[1:4], np.zeros(3)]
    with pytest.raises(InputError, match=r"missing\.jpg"):
        detector(pictures)
    results = detector(pictures, errors="return")
    assert [isinstance(result, InputError) for result in results] == [
        *(False, True, True, False, False, False, True)
    ]
    assert "missing.jpg: there is no such file" in str(results[1])
    for number, words in zip((0, 3, 4, 5), detector(SAMPLES[:4]), strict=True):
        assert same(results[number], words)
    assert len(detector(["missing.jpg"] * 5, errors="return")) == 5
    with pytest.raises(ConfigError, match='expected "raise" or "return"'):
        detector(pictures, errors="ignore")  # type: ignore[call-overload]


def test_pages_of_a_document_one_after_the_other(detector: Detector, tmp_path: Path) -> None:
    images = [Image.open(path).convert("RGB") for path in SAMPLES[:2]]
    path = tmp_path / "both.tif"
    images[0].save(path, save_all=True, append_images=images[1:])
    assert all(map(same, detector(read_pages(path)), detector(SAMPLES[:2])))


@pytest.mark.parametrize("engine", get_args(Engine))
def test_copies_and_other_processes_find_the_same(engine: Engine) -> None:
    pytest.importorskip(engine)
    detector = Detector(engine=engine, long_side=320, threads=1)
    expected = detector(SAMPLES[0])
    assert len(expected) > 0
    assert same(copy.deepcopy(detector)(SAMPLES[0]), expected)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found = list(pool.map(detector, map(str, SAMPLES[:2])))
    assert same(found[0], expected)
