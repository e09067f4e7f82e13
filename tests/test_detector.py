"""The detector as its users call it, on the weights that ship."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from craftlite import Detector, Thresholds, Words, read_image
from craftlite.errors import ConfigError, InputError, WeightsError

SAMPLES = sorted((Path(__file__).parents[1] / "data/samples/images").glob("*.jpg"))


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(long_side=640, threads=2)


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
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a network")
    with pytest.raises(WeightsError, match=r"broken\.onnx"):
        Detector(broken)


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
