"""Parting the region map of a straight word: as many characters as were drawn, where they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from craftlite.data.targets import add_gaussians
from craftlite.geometry import Points
from craftlite.pseudo.watershed import PEAK, find_characters


def boxes(widths: list[float], height: float, gap: float = 0.0, start: float = 0.0) -> Points:
    """Characters (M, 4, 2) side by side, in map pixels, from a column's left edge on."""
    lefts = start + np.cumsum([0, *(width + gap for width in widths[:-1])])
    quads = [
        [[left, 0], [left + width, 0], [left + width, height], [left, height]]
        for left, width in zip(lefts, widths, strict=True)
    ]
    return np.array(quads, np.float32) - np.float32(0.5)


def drawn(quads: Points, size: tuple[int, int]) -> np.ndarray:
    """Their target (height, width)."""
    score = np.zeros(size[::-1], np.float32)
    add_gaussians(score, quads)
    return score


@given(
    widths=st.lists(st.floats(5, 14), min_size=1, max_size=14),
    height=st.integers(12, 24),
    gap=st.floats(0, 6),
    weak=st.floats(0.3, 1),
)
def test_characters_of_a_target_are_found_where_they_are(
    widths: list[float], height: int, gap: float, weak: float
) -> None:
    quads = boxes(widths, height, gap)
    truth = quads[:, 0, 0] + 0.5, quads[:, 1, 0] + 0.5
    spans, peaks = find_characters(weak * drawn(quads, (int(truth[1][-1]) + 1, height)))
    assert len(spans) == len(quads)
    # Where a narrow one stands by a wide one, the saddle is off their common edge, a column or two.
    assert abs(spans[:, 0] - truth[0]).max() <= 2.5
    assert abs(spans[:, 1] - truth[1]).max() <= 2.5
    assert (spans[1:, 0] >= spans[:-1, 1]).all()
    assert peaks == pytest.approx(weak, abs=0.12)


def test_even_characters_are_cut_to_the_pixel() -> None:
    spans, _ = find_characters(drawn(boxes([8.0] * 6, 20), (48, 20)))
    assert spans.tolist() == [[8 * k, 8 * k + 8] for k in range(6)]


def test_a_gap_belongs_to_no_character() -> None:
    spans, _ = find_characters(drawn(boxes([8, 8], 20, gap=16), (32, 20)))
    assert spans[0].tolist() == pytest.approx([0, 8], abs=1)
    assert spans[1].tolist() == pytest.approx([24, 32], abs=1)


def test_merged_characters_are_one() -> None:
    flat = drawn(boxes([8, 8, 8], 20), (24, 20))
    flat[8:12, 3:13] = 1.0  # a bar from the first to the second
    spans, _ = find_characters(flat)
    assert spans.tolist() == [[0, 16], [16, 24]]


@pytest.mark.parametrize(("dip", "count"), [(0.01, 1), (0.1, 2)])
def test_a_ripple_parts_nothing_and_a_saddle_does(dip: float, count: int) -> None:
    region = np.full((20, 21), 0.8, np.float32)
    region[:, 10] -= dip
    region[:, [5, 15]] += 0.001
    assert len(find_characters(region)[0]) == count


def test_parts_above_each_other_are_one_character() -> None:
    region = np.zeros((20, 16), np.float32)
    region[2:5, 6:9] = region[10:18, 5:10] = 0.9
    assert find_characters(region)[0].tolist() == [[5, 10]]


@pytest.mark.parametrize("level", [0.0, 0.9 * PEAK])
def test_nothing_is_found_where_nothing_is_clear(level: float) -> None:
    region = level * drawn(boxes([8.0] * 6, 20), (48, 20))
    spans, peaks = find_characters(region)
    assert spans.shape == (0, 2)
    assert peaks.shape == (0,)


def test_a_map_that_is_all_text_is_one_character() -> None:
    assert find_characters(np.ones((20, 40), np.float32))[0].tolist() == [[0, 40]]


def test_characters_cut_off_at_the_ends_count() -> None:
    whole = drawn(boxes([10.0] * 4, 20), (40, 20))
    spans, _ = find_characters(whole[:, 6:-6])
    assert spans.tolist() == [[0, 4], [4, 14], [14, 24], [24, 28]]
