"""Words from maps: against the published post-processing's results, and on maps drawn here."""

import json
from dataclasses import FrozenInstanceError
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely import make_valid
from shapely.geometry import Point, Polygon

from craftlite.errors import ConfigError, InputError
from craftlite.geometry import Mask, signed_area
from craftlite.postprocess import Thresholds, words_from_maps
from craftlite.postprocess.components import labelled

FIXTURES = Path(__file__).parent / "fixtures" / "postprocess"
CASES = sorted(path.name.split("_")[0] for path in FIXTURES.glob("*_expected.json"))

Map = npt.NDArray[np.float32]


def read_map(name: str) -> Map:
    picture = cv2.imread(str(FIXTURES / name), cv2.IMREAD_UNCHANGED)
    return np.asarray(picture, np.float32) / np.float32(255)


def iou(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    p, q = make_valid(Polygon(a)), make_valid(Polygon(b))
    return float(p.intersection(q).area / p.union(q).area)


def blank(height: int = 80, width: int = 160) -> Map:
    return np.zeros((height, width), np.float32)


def draw_blob(
    canvas: Map, x: float, y: float, sigma: float = 4, peak: float = 1, wide: float = 1
) -> None:
    """A Gaussian on the map, where it is higher; its spread along x is wide times sigma."""
    rows, columns = np.indices(canvas.shape)
    squares = ((columns - x) / wide) ** 2 + (rows - y) ** 2
    np.maximum(canvas, peak * np.exp(-squares / (2 * sigma**2)), out=canvas, casting="unsafe")


def draw_word(centres: npt.ArrayLike, sigma: float = 4, size: tuple[int, int] = (160, 320)) -> Any:
    """Region and affinity of one word whose characters are at the given (x, y)."""
    region, affinity = blank(*size), blank(*size)
    points = np.asarray(centres, float)
    for x, y in points:
        draw_blob(region, x, y, sigma)
    for x, y in (points[1:] + points[:-1]) / 2:
        draw_blob(affinity, x, y, 1.5 * sigma)
    return region, affinity


def arc(count: int, radius: float, centre: tuple[float, float], span: float) -> Any:
    """Points on an arc of a circle that opens downwards, from left to right."""
    angles = np.linspace(-np.pi / 2 - span / 2, -np.pi / 2 + span / 2, count)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius + centre


# The published results


@pytest.mark.parametrize("settings_name", ["default", "icdar15"])
@pytest.mark.parametrize("case", CASES)
def test_agrees_with_the_published_post_processing(case: str, settings_name: str) -> None:
    expected = json.loads((FIXTURES / f"{case}_expected.json").read_text())[settings_name]
    thresholds = Thresholds(
        expected["text_threshold"], expected["link_threshold"], expected["low_text"]
    )
    words = words_from_maps(
        read_map(f"{case}_region.png"), read_map(f"{case}_affinity.png"), thresholds
    )
    assert len(words) == len(expected["quads"])
    np.testing.assert_allclose(
        words.quads, np.reshape(expected["quads"], (-1, 4, 2)), rtol=0, atol=0.01
    )
    for polygon, quad, published in zip(
        words.polygons, words.quads, expected["polygons"], strict=True
    ):
        if published is None:
            np.testing.assert_array_equal(polygon, quad)
        else:
            assert iou(polygon, published) >= 0.98


def test_the_cases_are_there() -> None:
    assert len(CASES) == 11


# Settings and input


@pytest.mark.parametrize("field", ["text", "link", "low", "growth"])
@pytest.mark.parametrize("value", [-0.01, 4.01, float("nan"), float("inf"), "0.5", None])
def test_threshold_out_of_range_is_named(field: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        Thresholds(**{field: value})
    assert field in str(caught.value) and repr(value) in str(caught.value)


def test_thresholds_may_be_at_their_limits_and_do_not_change() -> None:
    limits = Thresholds(text=0, link=1, low=np.float32(0.5), growth=4)
    with pytest.raises(FrozenInstanceError):
        limits.text = 0.5  # type: ignore[misc]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("which", [0, 1])
def test_scores_that_are_not_finite_are_refused(bad: float, which: int) -> None:
    maps = [np.zeros((20, 30)), np.zeros((20, 30))]
    maps[which][3, 4] = bad
    with pytest.raises(InputError, match=["region", "affinity"][which]):
        words_from_maps(*maps)


@pytest.mark.parametrize("shape", [(20,), (1, 20, 30), (), (0, 30), (20, 0)])
def test_maps_must_have_two_dimensions(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="shape"):
        words_from_maps(np.zeros(shape), np.zeros(shape))


def test_maps_that_are_too_long_are_refused() -> None:
    long = np.zeros((2, 32767), np.float32)
    with pytest.raises(InputError, match="32767"):
        words_from_maps(long, long)


def test_the_longest_map_still_has_polygons() -> None:
    region, affinity = blank(60, 32766), blank(60, 32766)
    region[20:40, 32600:32700] = 1
    assert words_from_maps(region, affinity).quads[0].max() > 32600


def test_maps_must_agree_in_shape() -> None:
    with pytest.raises(InputError, match=r"20, 30.*20, 31"):
        words_from_maps(np.zeros((20, 30)), np.zeros((20, 31)))


@pytest.mark.parametrize("dtype", [np.uint8, int, bool, complex, object])
def test_only_floating_point_scores_are_taken(dtype: type) -> None:
    with pytest.raises(InputError, match="floating point"):
        words_from_maps(np.zeros((20, 30), dtype), np.zeros((20, 30), dtype))


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_floats_give_the_words_of_float32(dtype: type) -> None:
    region, affinity = draw_word([(40, 40), (55, 40), (70, 42)])
    expected = words_from_maps(region, affinity)
    words = words_from_maps(region.astype(dtype), affinity.astype(dtype))
    np.testing.assert_allclose(words.quads, expected.quads, atol=1)
    assert words.quads.dtype == words.scores.dtype == np.float32


def test_views_of_the_networks_output_are_taken_and_left_alone() -> None:
    region, affinity = draw_word([(40, 40), (55, 40), (70, 42)])
    both = np.stack([region, affinity], axis=2)
    before = both.copy()
    words = words_from_maps(both[..., 0], both[..., 1])
    np.testing.assert_array_equal(words.quads, words_from_maps(region, affinity).quads)
    np.testing.assert_array_equal(both, before)


# What is a word


@pytest.mark.parametrize("value", [0.0, -3.0])
def test_maps_without_text_give_no_words(value: float) -> None:
    empty = np.full((40, 60), value)
    words = words_from_maps(empty, empty, characters=True)
    assert words.quads.shape == (0, 4, 2) and words.quads.dtype == np.float32
    assert words.scores.shape == (0,)
    assert words.polygons == () == words.characters
    assert words.size == (60, 40)


@pytest.mark.parametrize("value", [1.0, 7.5])
def test_a_map_full_of_text_is_one_word_as_large_as_the_map(value: float) -> None:
    full = np.full((40, 60), value)
    words = words_from_maps(full, full, characters=True)
    np.testing.assert_allclose(words.quads, [[[0, 0], [59, 0], [59, 39], [0, 39]]], atol=1e-3)
    assert words.scores.tolist() == [1]
    assert words.characters is not None and words.characters[0].shape == (1, 4, 2)


@pytest.mark.parametrize(("side", "count"), [((1, 1), 0), ((3, 3), 0), ((2, 5), 1), ((1, 10), 1)])
def test_components_below_ten_pixels_are_noise(side: tuple[int, int], count: int) -> None:
    region = blank()
    region[20 : 20 + side[0], 30 : 30 + side[1]] = 1
    assert len(words_from_maps(region, blank())) == count


def test_thresholds_are_strict_for_pixels_and_inclusive_for_the_peak() -> None:
    region = blank()
    region[20:30, 20:50] = 0.7
    assert len(words_from_maps(region, blank(), Thresholds(text=0.7, low=0.4))) == 1
    assert len(words_from_maps(region, blank(), Thresholds(text=0.71, low=0.4))) == 0
    assert len(words_from_maps(region, blank(), Thresholds(text=0.7, low=0.7))) == 0


def test_links_join_characters_and_belong_to_no_word_alone() -> None:
    region, affinity = blank(), blank()
    region[30:40, 20:30] = region[30:40, 50:60] = 1
    assert len(words_from_maps(region, affinity)) == 2
    affinity[33:37, 25:55] = 1
    assert len(words_from_maps(region, affinity)) == 1
    assert len(words_from_maps(region, affinity, Thresholds(link=1))) == 2
    region[:] = 0.3
    assert len(words_from_maps(region, affinity, Thresholds(text=0.2))) == 0
    assert len(words_from_maps(region, affinity, Thresholds(text=0))) == 0


def test_more_growth_draws_larger_boxes_around_the_same_words() -> None:
    region, affinity = draw_word([(40, 40), (55, 43), (70, 46)])
    grown = [
        words_from_maps(region, affinity, Thresholds(growth=growth), polygons=False)
        for growth in (0, 0.5, 1, 1.5, 2)
    ]
    areas = [cv2.contourArea(words.quads[0]) for words in grown]
    assert all(small < large for small, large in pairwise(areas))
    assert all(len(words) == 1 and words.scores == grown[0].scores for words in grown)
    middles = [words.quads[0].mean(axis=0) for words in grown]
    np.testing.assert_allclose(middles, np.tile(middles[0], (5, 1)), atol=1)
    assert words_from_maps(region, affinity).quads.tolist() == grown[2].quads.tolist()


def test_diagonal_neighbours_are_two_words() -> None:
    region = blank()
    region[20:30, 20:30] = region[30:40, 30:40] = 1
    assert len(words_from_maps(region, blank())) == 2


def test_words_come_in_the_order_of_their_topmost_pixels() -> None:
    region = blank()
    for x, y in [(100, 10), (20, 30), (60, 50)]:
        region[y : y + 8, x : x + 30] = 1
    tops = words_from_maps(region, blank()).quads[:, :, 1].min(axis=1)
    assert len(tops) == 3 and (np.diff(tops) > 0).all()


def test_the_score_is_the_mean_over_text_pixels_alone() -> None:
    region, affinity = blank(), blank()
    region[20:30, 20:30] = 0.9
    region[20:30, 40:50] = 0.5
    region[20:30, 30:40] = 0.1
    affinity[20:30, 25:45] = 1
    words = words_from_maps(region, affinity)
    np.testing.assert_allclose(words.scores, [0.7], atol=1e-6)


# Quads


@settings(max_examples=200)
@given(
    arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 1))
)
def test_components_and_their_boxes_are_opencvs(joined: Mask) -> None:
    labels, boxes = labelled(joined)
    _, expected, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=4)
    assert np.array_equal(labels, expected)
    assert np.array_equal(boxes, stats[1:])


@pytest.mark.parametrize("corner", [(0, 0), (0, 139), (70, 0), (70, 139)])
def test_a_word_at_the_border_stays_on_the_map(corner: tuple[int, int]) -> None:
    y, x = corner
    region = blank(80, 160)
    region[y : y + 10, x : x + 21] = 1
    words = words_from_maps(region, blank(80, 160), characters=True)
    quad = words.quads[0]
    assert (quad >= -1e-3).all() and (quad <= np.array([159.001, 79.001])).all()
    assert iou(quad, [[x, y], [x + 20, y], [x + 20, y + 9], [x, y + 9]]) > 0.5


def test_nearly_square_bodies_get_an_upright_box() -> None:
    region = blank()
    cv2.fillPoly(region, [np.array([[60, 10], [80, 30], [60, 50], [40, 30]])], 1.0)
    quad = words_from_maps(region, blank()).quads[0]
    assert len(set(quad[:, 0].tolist())) == len(set(quad[:, 1].tolist())) == 2


@given(
    x=st.integers(10, 150),
    y=st.integers(10, 90),
    angle=st.floats(0, np.pi),
    half_length=st.integers(12, 30),
)
def test_moving_a_word_moves_its_quad(x: int, y: int, angle: float, half_length: int) -> None:
    along = np.array([np.cos(angle), np.sin(angle)]) * half_length
    quads = []
    for centre in (np.array([60, 60]), np.array([60 + x, 60 + y])):
        region = blank(220, 280)
        start, end = np.rint(np.rint([-along, along]) + centre).astype(int).tolist()
        cv2.line(region, start, end, 1.0, 7)
        quads.append(words_from_maps(region, blank(220, 280)).quads[0])
    assert iou(quads[0] + (x, y), quads[1]) > 0.999


@given(x=st.integers(0, 60), y=st.integers(0, 60), w=st.integers(4, 40), h=st.integers(4, 40))
def test_swapping_the_axes_swaps_them_in_the_quad(x: int, y: int, w: int, h: int) -> None:
    region = blank(100, 100)
    region[y : y + h, x : x + w] = 1
    quad = words_from_maps(region, blank(100, 100)).quads[0]
    swapped = words_from_maps(region.T, blank(100, 100)).quads[0]
    assert iou(quad, swapped[:, ::-1]) > 0.999


NOISE = st.tuples(st.integers(1, 48), st.integers(1, 48)).flatmap(
    lambda shape: st.tuples(
        *[arrays(np.float32, shape, elements=st.floats(-1, 2, width=16), fill=st.nothing())] * 2
    )
)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    smooth=st.integers(0, 4),
    levels=st.tuples(*[st.floats(0, 1)] * 3),
)
def test_noise_gives_sound_words(
    seed: int, smooth: int, levels: tuple[float, float, float]
) -> None:
    generator = np.random.default_rng(seed)
    height, width = generator.integers(1, 120, 2)
    region, affinity = generator.normal(0.5, 0.6, (2, height, width)).astype(np.float32)
    if smooth:
        region, affinity = (
            cv2.GaussianBlur(m, (0, 0), smooth) * smooth for m in (region, affinity)
        )
    words = words_from_maps(region, affinity, Thresholds(*levels), characters=True)
    assert words.size == (width, height)
    assert ((words.scores >= 0) & (words.scores <= 1)).all()
    assert words.characters is not None
    for quad, polygon, boxes in zip(words.quads, words.polygons, words.characters, strict=True):
        assert np.isfinite(quad).all()
        assert signed_area(quad) > 0 or (signed_area(quad) == 0 and min(words.size) == 1)
        assert quad.sum(axis=1).argmin() == 0
        assert np.isfinite(polygon).all() and polygon.shape in [(4, 2), (14, 2)]
        assert len(boxes) >= 1 and np.isfinite(boxes).all()
        assert all(signed_area(box) > 0 for box in boxes) or min(words.size) == 1


@settings(max_examples=60)
@given(NOISE)
def test_no_small_map_crashes(maps: tuple[Map, Map]) -> None:
    words = words_from_maps(*maps, characters=True)
    assert all(signed_area(quad) > 0 for quad in words.quads) or min(words.size) == 1
    assert np.isfinite(words.quads).all()


@pytest.mark.parametrize("shape", [(1, 30), (30, 1)])
def test_a_map_of_one_line_has_words_without_height(shape: tuple[int, int]) -> None:
    words = words_from_maps(np.ones(shape), np.ones(shape), characters=True)
    np.testing.assert_allclose(sorted(np.ptp(words.quads[0], axis=0)), [0, 29], atol=1e-5)


# Polygons


def test_without_polygons_every_polygon_is_its_quad() -> None:
    region, affinity = draw_word(arc(9, 80, (160, 120), 2.2))
    words = words_from_maps(region, affinity, polygons=False)
    np.testing.assert_array_equal(words.polygons[0], words.quads[0])
    assert not np.shares_memory(words.polygons[0], words.quads)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_polygon_follows_a_curved_word(turns: int) -> None:
    spine = arc(9, 80, (160, 140), 2.2)
    region, affinity = draw_word(spine, size=(320, 320))
    region, affinity = np.rot90(region, turns).copy(), np.rot90(affinity, turns).copy()
    words = words_from_maps(region, affinity)
    (polygon,), (quad,) = words.polygons, words.quads
    assert polygon.shape == (14, 2) and polygon.dtype == np.float32
    assert signed_area(polygon) > 0
    outline = Polygon(polygon)
    y, x = np.nonzero(region > 0.4)
    covered = np.mean([outline.covers(Point(p)) for p in zip(x, y, strict=True)])
    assert covered > 0.95
    assert outline.area < 0.7 * Polygon(quad).area


def test_a_straight_word_keeps_its_quad() -> None:
    words = words_from_maps(*draw_word([(x, 60) for x in range(40, 140, 12)]))
    np.testing.assert_array_equal(words.polygons[0], words.quads[0])


# Characters


@pytest.mark.parametrize("spacing", [9, 11, 16])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("degrees", [0, 30, 60, 90, 120, 150])
def test_every_blob_is_one_character(spacing: float, count: int, degrees: float) -> None:
    """At 9 pixels for a sigma of 4 the saddles are at 0.53, so that the blobs touch above low."""
    angle = np.deg2rad(degrees)
    steps = (np.arange(count) - (count - 1) / 2) * spacing
    centres = np.stack([160 + steps * np.cos(angle), 80 + steps * np.sin(angle)], axis=1)
    region, affinity = draw_word(centres)
    words = words_from_maps(region, affinity, characters=True)
    assert len(words) == 1 and words.characters is not None
    boxes = words.characters[0]
    assert boxes.shape == (count, 4, 2) and boxes.dtype == np.float32
    in_order = centres if degrees <= 120 else centres[::-1]
    for box, centre in zip(boxes, in_order, strict=True):
        assert Polygon(box).covers(Point(centre))
        assert Polygon(words.quads[0]).buffer(1e-2).covers(Polygon(box))
        assert signed_area(box) > 20


def test_characters_share_no_ground() -> None:
    words = words_from_maps(*draw_word([(x, 60) for x in range(40, 140, 10)]), characters=True)
    assert words.characters is not None
    boxes = [Polygon(box) for box in words.characters[0]]
    for left, right in pairwise(boxes):
        assert left.intersection(right).area < 0.15 * left.area


def test_faint_characters_beside_strong_ones_are_found() -> None:
    region, affinity = draw_word([(40, 40)])
    draw_blob(region, 52, 40, 4, 0.6)
    draw_blob(affinity, 46, 40, 6)
    words = words_from_maps(region, affinity, characters=True)
    assert words.characters is not None and len(words.characters[0]) == 2


def test_ripples_part_no_character() -> None:
    region = blank()
    region[30:50, 40:120] = 0.8
    region += np.random.default_rng(0).uniform(-0.02, 0.02, region.shape).astype(np.float32)
    words = words_from_maps(region, blank(), characters=True)
    assert words.characters is not None and len(words.characters[0]) == 1


def test_characters_come_only_where_asked_for() -> None:
    assert words_from_maps(*draw_word([(40, 40), (52, 40)])).characters is None
