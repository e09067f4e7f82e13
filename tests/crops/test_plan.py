"""Crops in numbers alone: the same stream as the host's, and what their maps are told to show."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from craftlite.crops.gallery import level_for, to_level
from craftlite.crops.plan import BatchPlan, PlannedCrops, Shapes
from craftlite.data.augment import Augmentation, random_matrix, warp
from craftlite.data.loader import Crops, StepSampler, batches
from craftlite.data.sample import Sample, Word
from craftlite.data.sources import Listed
from craftlite.data.targets import SMALLEST_WORD, enlarged_boxes, on_map
from craftlite.data.word_geometry import split_evenly, word_height
from craftlite.geometry import Points, box

CROP = 128
# A picture as large as the crop is shown just as it is.
STILL = Augmentation(
    scales=(1, 1),
    rotation=0,
    any_rotation=0,
    shear=0,
    perspective=0,
    stretch=0,
    photometric=False,
)


def picture(width: int = CROP, height: int = CROP) -> np.ndarray:
    return np.full((height, width, 3), 90, np.uint8)


def known(quad: Points, letters: int, sure: float = 1.0) -> Word:
    text = "a" * letters
    return Word(quad, text, characters=split_evenly(quad, letters), confidence=sure)


def curved(left: float, top: float) -> Word:
    """A word whose outline has eight corners."""
    upper = [[left, top + 6], [left + 20, top], [left + 40, top], [left + 60, top + 6]]
    lower = [[x, y + 16] for x, y in reversed(upper)]
    return Word(np.array(upper + lower, np.float32), "curved")


def listed() -> list[Listed]:
    """Two datasets of pictures of all sizes, with all kinds of words and with none."""
    quad = box(30, 40, 90, 60)
    one = [
        Sample("known", picture(200, 150), (known(quad, 5), known(quad + 50, 2, 0.4))),
        Sample("nothing", picture(150, 300), ()),
        Sample("guessed", picture(500, 400), (Word(quad, "guess"), Word(quad + 200))),
    ]
    other = [
        Sample("curved", picture(180, 180), (curved(20, 30), Word(quad + 40, ignore=True))),
        Sample("tiny", picture(20, 30), (known(box(2, 2, 18, 12), 3),)),
    ]
    return [Listed(one), Listed(other)]


def planned(
    sources: Sequence[Listed], how: Augmentation | None = None, crop: int = CROP, seed: int = 5
) -> PlannedCrops:
    shares = [0.3, 0.7] if len(sources) == 2 else [1.0]
    sizes = [
        (sample.pixels().shape[1], sample.pixels().shape[0])
        for source in sources
        for sample in source.samples
    ]
    return PlannedCrops(sources, shares, crop, seed, sizes, how)


def of_words(*words: Word, how: Augmentation = STILL, crop: int = CROP) -> BatchPlan:
    """The plan of one crop of a picture with these words."""
    plans = planned([Listed([Sample("one", picture(), words)])], how, crop)
    return plans.collate([plans[0]])


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor | np.ndarray):
        return one.dtype == other.dtype and bool(np.array_equal(one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def test_crops_are_cut_from_the_samples_that_the_host_cuts_them_from_by_the_same_matrix() -> None:
    sources, how = listed(), Augmentation(heights=(2, 128), scales=(0.1, 3))
    host, plans = Crops(sources, [0.3, 0.7], CROP, 5, how), planned(sources, how)
    samples = [sample for source in sources for sample in source.samples]
    seen, levels = set(), set()
    for k in range(100):
        expected, rng = host.draw(k)
        number, sample, own = plans.draw(k)
        assert sample is expected
        assert samples[number] is expected
        assert own.bit_generator.state == rng.bit_generator.state
        assert plans.name(k) == host.name(k) == expected.name
        size = plans.sizes[number]
        matrix = random_matrix(rng, size, expected.words, CROP, how)
        facts = plans[k]
        assert (facts["number"], facts["pictures"]) == (k, number)
        scale = np.sqrt(abs(np.linalg.det(matrix[:2, :2])))
        assert facts["levels"] == level_for(float(scale), size)
        there_and_back = matrix @ to_level(facts["levels"]) @ facts["matrices"]
        assert np.allclose(there_and_back / there_and_back[2, 2], np.eye(3), atol=1e-8)
        seen.add(number)
        levels.add(facts["levels"])
    assert seen == set(range(5))
    assert {0, 1} <= levels


def test_two_datasets_have_their_shares() -> None:
    plans = planned(listed())
    second = [plans.draw(k)[0] >= 3 for k in range(1000)]
    assert np.mean(second) == pytest.approx(0.7, abs=0.05)


def test_a_plan_is_the_same_made_twice_and_by_workers() -> None:
    one, other = planned(listed()), planned(listed())
    backwards = [other[k] for k in reversed(range(12))][::-1]
    assert all(same(one[k], facts) for k, facts in enumerate(backwards))
    assert same(one[3], one[3])
    assert not same(one[3], one[4])
    sampler = StepSampler(0, 3, 4, parts=2)
    alone, helped = (list(batches(planned(listed()), sampler, workers)) for workers in (0, 1))
    assert len(alone) == 3
    assert [plan.number for step in alone for plan in step] == [0, 2, 4, 6, 8, 10]
    for parts, same_parts in zip(alone, helped, strict=True):
        assert all(map(same, parts, same_parts))


def test_a_plan_has_the_documented_types_and_its_boxes_lie_on_the_map() -> None:
    plans = planned(listed())
    plan = plans.collate([plans[k] for k in range(10)])
    assert plan.matrices.shape == (10, 3, 3)
    assert plan.gains.shape == plan.offsets.shape == (10, 3)
    for whole in (plan.pictures, plan.levels, plan.blurred, plan.noisy):
        assert whole.dtype == torch.int64
    for part in (plan.matrices, plan.gains, plan.offsets, plan.sigmas, plan.noise):
        assert part.dtype == torch.float32
    for shapes in (plan.characters, plan.gaps, plan.outlines):
        crop, left, top, right, bottom = shapes.boxes.T
        assert len(crop) == len(shapes.forms) == len(shapes.values) > 0
        assert set(crop.tolist()) <= set(range(10))
        assert (left < right).all() and (top < bottom).all()
        assert min(left.min(), top.min()) >= 0
        assert max(right.max(), bottom.max()) <= CROP // 2
        assert shapes.pixels == ((right - left) * (bottom - top)).sum()
        assert shapes.forms.isfinite().all()


def test_words_too_small_for_characters_count_nowhere_and_teach_nothing() -> None:
    words = [
        known(box(10, 10, 50, 18), 4),  # 8 pixels high
        known(box(10, 40, 50, 45), 4),  # 5
        Word(box(10, 70, 50, 75), "small"),
        Word(box(10, 100, 50, 120), "large"),
    ]
    plan = of_words(*words)
    assert len(plan.characters.boxes) == 4 + 5
    assert len(plan.gaps.boxes) == 3 + 4
    assert plan.outlines.values.tolist() == [0, 0, 0.5]
    # At half the size the first one is too small too.
    plan = of_words(*words, how=replace(STILL, scales=(0.5, 0.5)), crop=CROP // 2)
    assert len(plan.characters.boxes) == 5
    assert plan.outlines.values.tolist() == [0, 0, 0, 0.5]


def test_confidence_follows_what_is_known_of_a_word() -> None:
    quad = box(10, 10, 60, 30)
    for word, values in (
        (known(quad, 3), []),
        (known(quad, 3, sure=0.75), [0.75]),
        (known(quad, 3, sure=0.0), [0]),
        (Word(quad, "abc"), [0.5]),
        (Word(quad), [0.5]),
        (Word(quad, "abc", ignore=True), [0]),
        (replace(known(quad, 3), ignore=True), [0]),
    ):
        plan = of_words(word)
        assert plan.outlines.values.tolist() == values
        assert bool(len(plan.characters.boxes)) == (values != [0])


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.sampled_from(["known", "guessed", "ignored", "small"])),
        max_size=6,
    )
)
def test_gaps_link_the_characters_of_a_word_and_never_two_words(
    kinds: list[tuple[int, str]],
) -> None:
    words = []
    for row, (letters, kind) in enumerate(kinds):
        quad = box(4, 4 + 20 * row, 10 + 14 * letters, 8 + 20 * row + (0 if kind == "small" else 8))
        word = known(quad, letters)
        if kind == "guessed":
            word = replace(word, characters=None)
        words.append(replace(word, ignore=kind == "ignored"))
    plan = of_words(*words)
    learnt = [n for n, kind in kinds if kind in ("known", "guessed")]
    assert len(plan.characters.boxes) == sum(learnt)
    assert len(plan.gaps.boxes) == sum(n - 1 for n in learnt)
    # A gap of two rows would be as high as the way from one to the other.
    assert ((plan.gaps.boxes[:, 4] - plan.gaps.boxes[:, 2]) < 10).all()


def test_words_beside_the_crop_are_left_out() -> None:
    inside, beside = box(10, 10, 60, 30), box(300, 10, 360, 30)
    sample = Sample("wide", picture(400, CROP), (known(inside, 3), known(beside, 4)))
    plans = planned([Listed([sample])], replace(STILL, empty=0))
    assert {len(plans[k]["characters"][0]) for k in range(20)} == {3, 4}


def test_words_beyond_the_horizon_do_not_come_back_mirrored() -> None:
    corners = [(x, y) for x in range(10, 1150, 70) for y in range(10, 110, 40)]
    words = tuple(known(box(x, y, x + 50, y + 20), 1) for x, y in corners)
    sample, how = Sample("wide", picture(1200, CROP), words), replace(STILL, perspective=0.9)
    plans = planned([Listed([sample])], how)
    beyond = 0
    for k in range(30):
        _, _, rng = plans.draw(k)
        matrix = random_matrix(rng, (1200, CROP), words, CROP, how)
        # The host moves word by word.
        moved = warp(sample.pixels(), words, matrix, CROP)[1]
        quads = [w.characters for w in moved if w.characters is not None]
        large = [on_map(quad) for quad in quads if word_height(quad) >= SMALLEST_WORD]
        _, low, high = enlarged_boxes(np.concatenate(large), (CROP // 2, CROP // 2))
        assert len(plans[k]["characters"][0]) == (low < high).all(axis=1).sum() > 0
        beyond += sum((w.polygon @ matrix[2, :2] + matrix[2, 2] <= 0).any() for w in words)
    assert beyond > 50


def nothing_in(shapes: Shapes, form: tuple[int, ...]) -> bool:
    return (
        shapes.boxes.shape == (0, 5)
        and shapes.forms.shape[0] == 0
        and shapes.forms.shape[2:] == form[1:]
        and shapes.values.shape == (0,)
        and shapes.pixels == 0
    )


def test_crops_without_words_are_put_together() -> None:
    plan = of_words()
    assert nothing_in(plan.characters, (3, 3))
    assert nothing_in(plan.gaps, (3, 3))
    assert nothing_in(plan.outlines, (4, 2))
    only_one = of_words(known(box(10, 10, 30, 30), 1))
    assert len(only_one.characters.boxes) == 1
    assert nothing_in(only_one.gaps, (3, 3))
    assert nothing_in(only_one.outlines, (4, 2))


def test_outlines_of_different_numbers_of_corners_are_put_together() -> None:
    triangle = Word(np.array([[70, 80], [110, 80], [90, 120]], np.float32), "three")
    samples = [
        Sample("quad", picture(), (Word(box(10, 10, 60, 30), "quad"), triangle)),
        Sample("nothing", picture(), ()),
        Sample("curved", picture(), (curved(20, 30),)),
    ]
    plans = planned([Listed(samples)], STILL)
    names = [plans.name(k) for k in range(50)]
    chosen = [names.index(name) for name in ("quad", "nothing", "curved")]
    plan = plans.collate([plans[k] for k in chosen])
    assert plan.number == chosen[0]
    assert plan.outlines.boxes[:, 0].tolist() == [0, 0, 2]
    assert plan.outlines.forms.shape == (3, 8, 2)
    # The last corner is repeated, which encloses nothing more.
    assert (plan.outlines.forms[0, 3:] == plan.outlines.forms[0, 3]).all()
    assert (plan.outlines.forms[1, 2:] == plan.outlines.forms[1, 2]).all()
    assert len({tuple(corner) for corner in plan.outlines.forms[2].tolist()}) == 8
    corners = np.round((curved(20, 30).polygon + 0.5) / 2 - 0.5)
    assert np.array_equal(plan.outlines.forms[2], corners)
    assert set(plan.characters.boxes[:, 0].tolist()) == {0, 2}
