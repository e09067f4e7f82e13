"""The cache of maps: what is kept, when it is used, and how it stays small."""

import os
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from craftlite.data.sample import Sample
from craftlite.detector import Detector
from craftlite.errors import DatasetError
from craftlite.evaluate.map_cache import MapCache, clear, default_folder, picture_hash, trim


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector("craftlite-small", threads=1, long_side=128)


@pytest.fixture
def sample() -> Sample:
    picture = np.full((60, 128, 3), 230, np.uint8)
    cv2.putText(picture, "TEXT", (10, 45), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 3)
    return Sample("a", picture, ())


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.npz"))


def test_kept_maps_are_those_that_were_computed(
    tmp_path: Path, detector: Detector, sample: Sample
) -> None:
    cache = MapCache(tmp_path, "a" * 64)
    fresh, milliseconds = cache.maps(sample, detector)
    kept, untimed = cache.maps(sample, detector)
    direct = detector.maps(sample.pixels())
    for maps in (fresh, kept):
        assert np.array_equal(maps.region, direct.region)
        assert np.array_equal(maps.affinity, direct.affinity)
        assert maps.fit == direct.fit
    assert milliseconds is not None and milliseconds > 0
    assert untimed is None
    assert len(files(tmp_path)) == 1


def test_other_weights_pictures_and_sides_have_maps_of_their_own(
    tmp_path: Path, detector: Detector, sample: Sample
) -> None:
    other = Sample("a", 255 - sample.pixels(), ())
    larger = Detector("craftlite-small", threads=1, long_side=160)
    for weights, one, run in (
        ("a", sample, detector),
        ("b", sample, detector),
        ("a", other, detector),
        ("a", sample, larger),
    ):
        MapCache(tmp_path, weights * 64).maps(one, run)
    assert len(files(tmp_path)) == 4


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short"])
def test_a_damaged_file_is_computed_anew(
    tmp_path: Path, detector: Detector, sample: Sample, content: bytes
) -> None:
    cache = MapCache(tmp_path, "a" * 64)
    wanted, _ = cache.maps(sample, detector)
    files(tmp_path)[0].write_bytes(content)
    found, _ = cache.maps(sample, detector)
    assert np.array_equal(found.region, wanted.region)


def test_maps_of_another_size_than_their_picture_gives_are_computed_anew(
    tmp_path: Path, detector: Detector, sample: Sample
) -> None:
    cache = MapCache(tmp_path, "a" * 64)
    wanted, _ = cache.maps(sample, detector)
    other = np.zeros((8, 8), np.float32)
    np.savez(files(tmp_path)[0], region=other, affinity=other, size=(128, 60), milliseconds=1.0)
    assert np.array_equal(cache.maps(sample, detector)[0].region, wanted.region)


def test_what_was_not_used_for_longest_goes_first(
    tmp_path: Path, detector: Detector, sample: Sample
) -> None:
    cache = MapCache(tmp_path, "a" * 64)
    samples = [Sample(str(n), np.roll(sample.pixels(), n, axis=1), ()) for n in range(3)]
    for age, one in enumerate(samples):
        cache.maps(one, detector)
        newest = max(files(tmp_path), key=lambda file: file.stat().st_mtime_ns)
        os.utime(newest, (1000 + age, 1000 + age))
    cache.maps(samples[0], detector)  # the oldest is used once more
    size = files(tmp_path)[0].stat().st_size
    assert trim(tmp_path, 2 * size) <= 2 * size
    kept = {file.stem.partition("-")[0] for file in files(tmp_path)}
    assert kept == {picture_hash(samples[number])[:32] for number in (0, 2)}
    # What this run has used stays, even where it is more than the limit.
    assert trim(tmp_path, 0) == size
    assert [file.stem.partition("-")[0] for file in files(tmp_path)] == [
        picture_hash(samples[0])[:32]
    ]


def test_the_limit_is_kept_while_maps_are_added(
    tmp_path: Path, detector: Detector, sample: Sample
) -> None:
    earlier = MapCache(tmp_path, "b" * 64)
    samples = [Sample(str(n), np.roll(sample.pixels(), n, axis=1), ()) for n in range(4)]
    for one in samples:
        earlier.maps(one, detector)
    for file in files(tmp_path):
        os.utime(file, (1000, 1000))
    size = files(tmp_path)[0].stat().st_size
    cache = MapCache(tmp_path, "a" * 64, limit=4 * size)
    for count, one in enumerate(samples, 1):
        cache.maps(one, detector)
        assert len(list((tmp_path / ("a" * 16)).glob("*.npz"))) == count
        assert len(files(tmp_path)) == 4
    cache.maps(Sample("more", 255 - sample.pixels(), ()), detector)
    assert len(files(tmp_path)) == 5  # all of this run


def test_only_maps_are_removed(tmp_path: Path, detector: Detector, sample: Sample) -> None:
    MapCache(tmp_path, "a" * 64).maps(sample, detector)
    size = files(tmp_path)[0].stat().st_size
    (tmp_path / "mine").mkdir()
    (tmp_path / ("b" * 16)).mkdir()
    others = [tmp_path / "mine/a.npz", tmp_path / ("b" * 16) / "notes.npz", tmp_path / "c.npz"]
    for file in others:
        file.write_bytes(b"of someone else")
        os.utime(file, (1000, 1000))
    assert trim(tmp_path, 0) == clear(tmp_path) == size
    assert sorted(file for file in tmp_path.rglob("*") if file.is_file()) == sorted(others)
    assert not (tmp_path / ("a" * 16)).exists()
    assert clear(tmp_path) == clear(tmp_path / "none") == 0


def test_a_folder_that_cannot_be_written_is_said_once(
    tmp_path: Path, detector: Detector, sample: Sample, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    cache = MapCache(blocked, "a" * 64)
    for _ in range(2):
        cache.maps(sample, detector)
    assert trim(blocked) == clear(blocked) == 0
    assert capsys.readouterr().err.count("maps are not cached") == 1


def test_a_picture_that_is_not_there(tmp_path: Path, detector: Detector) -> None:
    cache = MapCache(tmp_path, "a" * 64)
    with pytest.raises(DatasetError, match="there is no such file"):
        cache.maps(Sample("a", tmp_path / "a.jpg", ()), detector)
    os.mkfifo(tmp_path / "pipe.jpg")  # nobody writes to it: reading would not end
    with pytest.raises(DatasetError, match="is a folder, pipe or device"):
        cache.maps(Sample("pipe", tmp_path / "pipe.jpg", ()), detector)


def test_hash_of_pixels_knows_their_shape() -> None:
    flat: npt.NDArray[np.uint8] = np.zeros((2, 8, 3), np.uint8)
    assert picture_hash(Sample("a", flat, ())) != picture_hash(
        Sample("a", flat.reshape(8, 2, 3), ())
    )


def test_default_folder_follows_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "craftlite/maps"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_folder().parts[-3:] == (".cache", "craftlite", "maps")
