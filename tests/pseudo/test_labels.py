"""Weak supervision: labels from region maps, and the file that keeps them."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from craftlite.data.sample import Sample, Word
from craftlite.data.targets import GUESSED, add_gaussians
from craftlite.data.word_geometry import characters_of, reading_outline, split_evenly
from craftlite.errors import DatasetError
from craftlite.geometry import Points, transform
from craftlite.model.files import read_model
from craftlite.model.torch_runtime import TorchRuntime
from craftlite.pseudo.labels import (
    apply_labels,
    confidence_of,
    label_of,
    load_labels,
    relabel,
    save_labels,
    state_digest,
)
from craftlite.pseudo.word_strip import Strip
from craftlite.weights import find_weights

SIDE = 320


@pytest.fixture(scope="module")
def model() -> nn.Module:
    file = find_weights("craftlite-small").torch
    assert file is not None
    return read_model(file)[1]


@pytest.fixture(scope="module")
def runtime(model: nn.Module) -> TorchRuntime:
    return TorchRuntime("craftlite-small", model, "cpu", threads=1)


def box(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def region_of(strip: Strip, characters: Points) -> np.ndarray:
    """The perfect region map (h, w) of a word's strip: the picture's, cut as its pixels are."""
    score = np.zeros((SIDE, SIDE), np.float32)
    add_gaussians(score, characters)
    grey = np.round(255 * score).astype(np.uint8)
    pixels = strip.cut(np.repeat(grey[..., None], 3, axis=2))[..., 0]
    height, width = pixels.shape
    return cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA) / np.float32(
        255
    )


def turned(points: Points, degrees: float, lean: float = 0.0) -> Points:
    """Points turned about the picture's middle and seen in perspective."""
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0]])
    matrix = np.vstack([matrix, [lean / SIDE, lean / SIDE, 1]])
    return transform(points - SIDE / 2, matrix) + np.float32(SIDE / 2)


@given(
    shares=st.lists(st.floats(0.7, 1.3), min_size=3, max_size=9),
    height=st.floats(24, 48),
    degrees=st.floats(-180, 180),
    lean=st.floats(-0.15, 0.15),
    text=st.booleans(),
)
def test_a_perfect_map_gives_the_characters_that_it_was_drawn_from(
    shares: list[float], height: float, degrees: float, lean: float, text: bool
) -> None:
    length = min(0.6 * height * len(shares), 200)
    edges = 160 - length / 2 + length * np.cumsum([0, *shares]) / sum(shares)
    top, bottom = 160 - height / 2, 160 + height / 2
    straight = np.stack([box(a, top, b, bottom) for a, b in pairwise(edges)])
    truth = turned(straight, degrees, lean)
    # Long enough to be read along its first edge, whatever its perspective.
    outline = turned(box(edges[0], top, edges[-1], bottom), degrees, lean)
    word = Word(outline, "x" * len(shares) if text else None)
    strip = Strip.of(reading_outline(word))
    label = label_of(word, strip, region_of(strip, truth))
    assert label is not None
    assert len(label.characters) == len(truth)
    assert label.confidence == 1 if text else label.confidence > 0.8
    assert abs(label.characters.mean(axis=1) - truth.mean(axis=1)).max() < 0.12 * height


@pytest.mark.parametrize(
    ("length", "found", "expected"),
    [(5, 5, 1.0), (5, 4, 0.8), (5, 6, 0.8), (5, 9, 0.2), (5, 10, 0.0), (5, 40, 0.0), (4, 2, 0.5)],
)
def test_confidence_is_that_of_the_paper(length: int, found: int, expected: float) -> None:
    assert confidence_of(length, found) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        ("abcde", 0.8),
        ("ab c\tde", 0.8),
        ("abcd", 1),
        ("a", None),
        ("abcdefghi", None),
        (None, 0.97),
    ],
)
def test_a_split_is_taken_where_it_fits_the_text(text: str | None, confidence: float) -> None:
    """Four characters are found; half of the letters must be right."""
    word = Word(box(60, 140, 260, 180), text)
    strip = Strip.of(word.polygon)
    label = label_of(word, strip, region_of(strip, split_evenly(word.polygon, 4)))
    if confidence is None:
        assert label is None
    else:
        assert label is not None
        assert label.confidence == pytest.approx(confidence, abs=0.03 if text is None else 1e-12)


@pytest.mark.parametrize("text", ["abc", None])
def test_a_word_in_which_nothing_is_found_keeps_its_even_parts(text: str | None) -> None:
    word = Word(box(60, 140, 260, 180), text)
    strip = Strip.of(word.polygon)
    assert label_of(word, strip, np.zeros((32, strip.width // 2), np.float32)) is None


def test_without_text_faint_maps_are_as_sure_as_even_parts() -> None:
    word = Word(box(60, 140, 260, 180))
    strip = Strip.of(word.polygon)
    region = region_of(strip, split_evenly(word.polygon, 4))
    label = label_of(word, strip, np.float32(0.4) * region)
    assert label is not None
    assert label.confidence == GUESSED
    bright = label_of(word, strip, np.float32(1.4) * region)
    assert bright is not None
    assert bright.confidence == 1


def written(name: str = "one") -> Sample:
    """A picture with two words to read, a known one, a don't-care region, and two on its border."""
    picture = np.full((SIDE, SIDE, 3), 230, np.uint8)
    for text, place in (("HILL", (20, 70)), ("ROAD", (180, 70)), ("STATION", (40, 200))):
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 1.5, (20, 20, 60), 4)
    known = box(20, 240, 140, 280)
    return Sample(
        name,
        picture,
        (
            Word(box(18, 32, 135, 76)),
            Word(box(38, 162, 245, 206)),
            Word(known, "abc", characters=split_evenly(known, 3), confidence=0.9),
            Word(box(180, 240, 300, 280), "ignored", ignore=True),
            Word(box(178, 32, 360, 76)),
            Word(box(400, 400, 460, 430), "out"),
        ),
    )


def test_a_network_labels_the_words_to_read_and_no_others(runtime: TorchRuntime) -> None:
    sample = written()
    [result] = relabel([sample], runtime)
    for place in (0, 1, 4):
        word, before = result.words[place], sample.words[place]
        assert word.characters is not None
        assert word.characters.dtype == np.float32
        assert GUESSED <= word.confidence <= 1
        assert (word.polygon, word.text) == (before.polygon, before.text)
        low, high = before.polygon.min(axis=0), before.polygon.max(axis=0)
        assert (word.characters > low - 0.01).all()
        assert (word.characters < high + 0.01).all()
    assert all(result.words[place] is sample.words[place] for place in (2, 3, 5))
    assert result.name == sample.name
    assert result.picture is sample.picture


def test_labels_are_the_same_again_and_whatever_else_is_labelled(runtime: TorchRuntime) -> None:
    one, other = written(), replace(written("two"), words=written().words[:2] * 20)
    [alone], again = relabel([one], runtime), relabel([other, one], runtime)[1]
    assert same(relabel([one], runtime), [alone])
    # In a batch of another size, sums may be taken in another order.
    for word, twin in zip(alone.words, again.words, strict=True):
        assert (word.characters is None) == (twin.characters is None)
        if word.characters is not None and twin.characters is not None:
            assert np.array_equal(word.characters, twin.characters)
        assert word.confidence == pytest.approx(twin.confidence, abs=1e-4)


def test_a_picture_without_text_gets_no_labels(runtime: TorchRuntime) -> None:
    blank = replace(written(), picture=np.full((SIDE, SIDE, 3), 230, np.uint8))
    [result] = relabel([blank], runtime)
    assert all(a is b for a, b in zip(result.words, blank.words, strict=True))


def same(samples: list[Sample], others: list[Sample]) -> bool:
    """Whether all characters and confidences are, bit for bit."""

    def facts(sample: Sample) -> list[tuple[bytes | None, float]]:
        words = sample.words
        return [
            (w.characters if w.characters is None else w.characters.tobytes(), w.confidence)
            for w in words
        ]

    return list(map(facts, samples)) == list(map(facts, others))


def labelled(seed: int) -> tuple[list[Sample], list[Sample]]:
    """Samples, and the same with characters of odd numbers for some of their words."""
    rng = np.random.default_rng(seed)
    before, after = [], []
    for k in range(4):
        plain = tuple(Word(box(0, 0, 60, 20), "text") for _ in range(rng.integers(0, 5)))
        words = [
            replace(
                word,
                characters=rng.normal(0, 100, (rng.integers(1, 6), 4, 2)).astype(np.float32),
                confidence=float(rng.uniform()),
            )
            if rng.random() < 0.6
            else word
            for word in plain
        ]
        before.append(Sample(f"ümg_{k}", Path(f"{k}.jpg"), plain))
        after.append(replace(before[-1], words=tuple(words)))
    return before, after


@pytest.mark.parametrize("seed", range(5))
def test_what_a_file_gives_is_what_was_saved_bit_for_bit(
    seed: int, tmp_path: Path, model: nn.Module
) -> None:
    before, after = labelled(seed)
    state = model.state_dict()
    save_labels(tmp_path / "new" / "labels.npz", after, 1234, state)
    labels = load_labels(tmp_path / "new" / "labels.npz")
    assert same(apply_labels(before, labels), after)
    assert (labels.step, labels.weights) == (1234, state_digest(state))
    save_labels(tmp_path / "again.npz", apply_labels(before, labels), 1234, state)
    files = [tmp_path / "again.npz", tmp_path / "new" / "labels.npz"]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert sorted(path.name for path in files[1].parent.iterdir()) == ["labels.npz"]


def test_nothing_labelled_and_no_samples_are_kept_too(tmp_path: Path) -> None:
    for samples in ([], labelled(0)[0]):
        save_labels(tmp_path / "labels.npz", samples, 0, {})
        assert same(apply_labels(samples, load_labels(tmp_path / "labels.npz")), samples)


def test_known_words_and_dont_care_regions_take_no_label(tmp_path: Path) -> None:
    quad = box(0, 0, 60, 20)
    found = Word(quad, "abc", characters=split_evenly(quad, 2), confidence=0.6)
    save_labels(tmp_path / "labels.npz", [Sample("a", Path("a"), (found, found))], 0, {})
    kept = (Word(quad, ignore=True), replace(found, characters=split_evenly(quad, 3)))
    [result] = apply_labels([Sample("a", Path("a"), kept)], load_labels(tmp_path / "labels.npz"))
    assert all(a is b for a, b in zip(result.words, kept, strict=True))


def test_labels_of_other_samples_are_refused_and_what_differs_is_named(tmp_path: Path) -> None:
    before, after = labelled(1)
    save_labels(tmp_path / "labels.npz", after, 0, {})
    labels = load_labels(tmp_path / "labels.npz")
    with pytest.raises(DatasetError, match="4 pictures for 3"):
        apply_labels(before[:3], labels)
    with pytest.raises(DatasetError, match="ümg_2 where other was expected"):
        apply_labels([*before[:2], replace(before[2], name="other"), before[3]], labels)
    more = replace(before[3], words=(*before[3].words, Word(box(0, 0, 9, 9))))
    count = len(before[3].words)
    with pytest.raises(DatasetError, match=f"ümg_3: labels of {count} words for {count + 1}"):
        apply_labels([*before[:3], more], labels)


def test_what_is_no_file_of_labels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.npz"
    with pytest.raises(DatasetError, match="no such file"):
        load_labels(path)
    save_labels(path, labelled(1)[1], 0, {})
    whole = path.read_bytes()
    np.savez(tmp_path / "other.npz", names=np.array(["a"]))
    for content in (b"", b"labels", whole[:-40], (tmp_path / "other.npz").read_bytes()):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match="not a file of labels"):
            load_labels(path)


def test_the_fingerprint_tells_weights_apart(model: nn.Module) -> None:
    state = {name: value.clone() for name, value in model.state_dict().items()}
    first = state_digest(state)
    assert first == state_digest(dict(reversed(state.items())))
    name = next(iter(state))
    state[name].view(-1)[0] += 1e-3
    assert state_digest(state) != first


def test_the_words_labelled_have_the_characters_that_training_draws(runtime: TorchRuntime) -> None:
    word = relabel([written()], runtime)[0].words[1]
    assert characters_of(word) is word.characters
