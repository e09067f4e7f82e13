"""Long and very large pictures: which are cut into tiles, and that no seam shows."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from craftlite import Detector
from craftlite.errors import ConfigError
from craftlite.preprocess import to_tensor
from craftlite.tiles import OVERLAP, Tiles, run_tiles, scaled_side, tile_spans


@pytest.mark.parametrize(
    ("size", "tiles", "side"),
    [
        ((1280, 720), "auto", 1920),
        ((4000, 3000), "auto", 1920),
        ((720, 1600), "auto", 1920),  # a telephone's screen
        ((1080, 20000), "auto", 17778),  # as if it were 1080x2160
        ((12000, 800), "auto", 14400),
        ((12000, 9000), "auto", 6000),  # half of its size
        ((12000, 9000), "off", 1920),
        ((12000, 9000), 1920, 12000),
        ((1280, 720), 640, 3840),
        ((1280, 720), 5000, 1920),
        ((3, 90000), "auto", 65472),  # OpenCV warps no longer maps
    ],
)
def test_pictures_are_scaled_so_that_their_text_stays_legible(
    size: tuple[int, int], tiles: Tiles, side: int
) -> None:
    assert scaled_side(size, 1920, tiles) == side


@pytest.mark.parametrize("tiles", [63, 0, -5, "on"])
def test_tiles_of_another_kind_are_refused(tiles: Tiles) -> None:
    with pytest.raises(ConfigError, match="must be auto, off or at least 64 pixels"):
        Detector(tiles=tiles)


@given(st.integers(1, 600).map(lambda n: 32 * n))
def test_tiles_cover_a_length_and_overlap(length: int) -> None:
    spans = tile_spans(length)
    assert spans[0][0] == 0 and spans[-1][1] == length
    assert all(start % 32 == 0 and end % 32 == 0 for start, end in spans)
    assert len({end - start for start, end in spans}) == 1
    for (_, end), (start, _) in pairwise(spans):
        assert end - start >= OVERLAP - 32


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_joined_maps_are_those_of_the_whole(rows: int, columns: int, seed: int) -> None:
    def network(picture: np.ndarray) -> np.ndarray:
        """The mean of each 2x2 pixels of two channels: a network that sees no further."""
        parts = picture[:, :2].reshape(1, 2, picture.shape[2] // 2, 2, picture.shape[3] // 2, 2)
        return parts.mean(axis=(3, 5))

    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (32 * rows, 32 * columns, 3), np.uint8)
    expected = network(to_tensor(picture))[0]
    region, affinity = run_tiles(network, picture)
    assert np.allclose(region, expected[0], atol=1e-4)
    assert np.allclose(affinity, expected[1], atol=1e-4)


@pytest.mark.parametrize(
    ("size", "count"),
    [((1280, 720), 1), ((1500, 1500), 1), ((1080, 20000), 25), ((12000, 9000), 63)],
)
def test_tiles_are_counted(size: tuple[int, int], count: int) -> None:
    assert Detector(long_side=1920).tile_count(size) == count


@pytest.mark.parametrize("upright", [True, False])
def test_each_word_of_a_long_picture_is_found_once(upright: bool) -> None:
    words = ["harbour", "lantern", "pigment", "thicket", "saddle", "quarry", "meadow", "copper"]
    size, step = ((400, 4000), (0, 97)) if upright else ((4000, 130), (230, 0))
    picture = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(30)
    boxes = []
    for number in range(17 if not upright else 41):
        at = (20 + number * step[0], 20 + number * step[1])
        draw.text(at, words[number % len(words)], font=font, fill="black")
        boxes.append(draw.textbbox(at, words[number % len(words)], font=font))
    found = Detector(long_side=640, threads=2)(picture)
    centres = found.quads.mean(axis=1)
    inside = [int(((centres >= box[:2]) & (centres <= box[2:])).all(axis=1).sum()) for box in boxes]
    assert inside == [1] * len(boxes)
    assert len(found) == len(boxes)
