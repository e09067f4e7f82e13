"""Crops: rendered words, turned and bent, come out as they were rendered."""

import io
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw, ImageFont

from craftlite import Detector, read_image
from craftlite.errors import ConfigError, InputError
from craftlite.geometry import box, transform
from craftlite.words import Words

SAMPLES = Path(__file__).parents[1] / "data/samples"
PAPER, INK = 235, 20
TEXTS = ("Gardens", "platform", "Library", "Thistle", "depth", "Bread", "follow", "quality")


@cache
def rendered(text: str, size: int = 40) -> np.ndarray:
    """A text (h, w) without anything around it."""
    left, top, right, bottom = font(size).getbbox(text)
    image = Image.new("L", (int(right - left), int(bottom - top)), PAPER)
    ImageDraw.Draw(image).text((-left, -top), text, INK, font(size))
    return np.asarray(image)


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def page_of(texts: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """A page (h, w, 3) with texts in lines of two, and their quads through centres of pixels."""
    page = np.full((80 * (1 + len(texts) // 2), 500), PAPER, np.uint8)
    quads = []
    for number, text in enumerate(texts):
        word = rendered(text)
        top, left = 40 + 80 * (number // 2), 30 + 240 * (number % 2)
        height, width = word.shape
        page[top : top + height, left : left + width] = word
        quads.append(box(left, top, left + width - 1, top + height - 1))
    return np.repeat(page[:, :, None], 3, axis=2), np.array(quads, np.float32)


def words_on(picture: np.ndarray, quads: np.ndarray, **more: object) -> Words:
    """Words as the detector has them: quads from the corner with the smallest x + y."""
    starts = quads.sum(axis=2).argmin(axis=1)
    quads = np.array(
        [np.roll(quad, -start, axis=0) for quad, start in zip(quads, starts, strict=True)]
    )
    size = picture.shape[1], picture.shape[0]
    scores = np.ones(len(quads), np.float32)
    return Words(quads.astype(np.float32), more.pop("polygons", tuple(quads)), scores, size, **more)


def turned(picture: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """A picture turned by degrees clockwise on the screen, larger, and the matrix of that."""
    height, width = picture.shape[:2]
    side = int(np.hypot(height, width)) + 20
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D((width / 2, height / 2), -angle, 1)
    matrix[:2, 2] += (side - width) / 2, (side - height) / 2
    pixels = cv2.warpAffine(
        picture, matrix[:2], (side, side), None, cv2.INTER_CUBIC, 0, (PAPER,) * 3
    )
    return pixels, matrix


def likeness(crop: np.ndarray, expected: np.ndarray) -> float:
    """Correlation of two pictures, the first brought to the second's size."""
    size = expected.shape[1], expected.shape[0]
    one = cv2.resize(crop, size, interpolation=cv2.INTER_AREA).astype(np.float64).ravel()
    return float(np.corrcoef(one, expected.astype(np.float64).ravel())[0, 1])


def test_an_upright_word_is_copied_with_a_tenth_of_its_height_around_it() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (90, 200, 3), dtype=np.uint8)
    quads = np.array([box(30, 20, 119, 49), box(60, 60, 99, 69)])
    large, small = words_on(picture, quads).crops(picture)
    np.testing.assert_array_equal(large, picture[18:52, 28:122])  # 29 high, of which a tenth is 2
    np.testing.assert_array_equal(small, picture[60:70, 60:100])


@pytest.mark.parametrize("angle", [*range(-84, 91, 12), -40, 3, 45, 68])
def test_turned_words_come_out_as_they_were_rendered(angle: int) -> None:
    page, quads = page_of(TEXTS)
    expected = words_on(page, quads).crops(page, height=32)
    picture, matrix = turned(page, angle)
    words = words_on(picture, transform(quads, matrix))
    for crop, upright in zip(words.crops(picture, height=32), expected, strict=True):
        assert crop.shape[0] == 32 and abs(crop.shape[1] - upright.shape[1]) <= 1
        assert likeness(crop, upright) > 0.93


@pytest.mark.parametrize("quarters", [1, -1])
def test_the_words_of_a_page_on_its_side_can_be_read(quarters: int) -> None:
    page, quads = page_of(TEXTS)
    expected = words_on(page, quads).crops(page)
    side = np.ascontiguousarray(np.rot90(page, quarters))
    x, y = quads[..., 0], quads[..., 1]
    height, width = page.shape[:2]
    moved = (y, width - 1 - x) if quarters == 1 else (height - 1 - y, x)
    words = words_on(side, np.stack(moved, axis=2))
    for crop, upright in zip(words.crops(side), expected, strict=True):
        np.testing.assert_array_equal(crop, upright)


def test_lines_that_run_down_and_up_beside_upright_ones_are_each_read_their_way() -> None:
    page, quads = page_of(("follow", "Thistle"))
    height, width = page.shape[:2]
    picture = np.full((width + height, 2 * height + width, 3), PAPER, np.uint8)
    x, y = quads[..., 0], quads[..., 1]
    moved = [(x + 2 * height, y), (height - 1 - y, x), (y + height, width - 1 - x)]
    for number, quarters in enumerate((0, -1, 1)):
        piece = np.rot90(page, quarters)
        left = (2 * height, 0, height)[number]
        picture[: piece.shape[0], left : left + piece.shape[1]] = piece
    words = words_on(picture, np.concatenate([np.stack(one, axis=2) for one in moved]))
    expected = words_on(page, quads).crops(page) * 3
    for crop, upright in zip(words.crops(picture), expected, strict=True):
        np.testing.assert_array_equal(crop, upright)


@pytest.mark.parametrize("quarters", [1, -1])
def test_short_words_of_a_picture_on_its_side_are_turned_with_the_others(quarters: int) -> None:
    page, quads = page_of(("Thistle", "me", "follow", "at"))
    expected = words_on(page, quads).crops(page, height=32)
    side = np.ascontiguousarray(np.rot90(page, quarters))
    x, y = quads[..., 0], quads[..., 1]
    height, width = page.shape[:2]
    moved = (y, width - 1 - x) if quarters == 1 else (height - 1 - y, x)
    crops = words_on(side, np.stack(moved, axis=2)).crops(side, height=32)
    for crop, upright in zip(crops, expected, strict=True):
        assert crop.shape == upright.shape and likeness(crop, upright) > 0.99


def test_the_words_of_a_bookshelf_are_read_as_its_ground_truth_says() -> None:
    """Spines are read downwards, one of them upwards, one is a column, and some lie flat."""
    picture = read_image(SAMPLES / "images/books.jpg")
    words = Detector()(picture)
    crops = words.crops(picture, height=32)
    right = []
    for line in (SAMPLES / "gt/gt_books.txt").read_text("utf-8-sig").splitlines():
        truth = np.array(line.split(",")[:8], np.float32).reshape(4, 2)
        away = np.linalg.norm(words.quads.mean(axis=1) - truth.mean(axis=0), axis=1)
        crop = crops[int(away.argmin())]
        # The truth begins where reading starts.
        size = crop.shape[1], crop.shape[0]
        target = box(0, 0, *size)
        matrix = cv2.getPerspectiveTransform(truth, target)
        upright = cv2.warpPerspective(picture, matrix, size)
        right.append(likeness(crop, upright) > likeness(np.rot90(crop, 2), upright))
    assert len(right) == 45 and sum(right) >= 38


def column(letters: str) -> np.ndarray:
    """Upright letters (h, w) below one another."""
    tiles = [rendered(letter) for letter in letters]
    width = max(tile.shape[1] for tile in tiles)
    result = np.full((44 * len(letters), width), PAPER, np.uint8)
    for number, tile in enumerate(tiles):
        left = (width - tile.shape[1]) // 2
        rows = slice(44 * number, 44 * number + tile.shape[0])
        result[rows, left : left + tile.shape[1]] = tile
    return result


@pytest.mark.parametrize("known", [False, True])
def test_a_column_of_upright_letters_stays_tall(known: bool) -> None:
    tall = column("HOTEL")
    picture = np.full((300, 200, 3), PAPER, np.uint8)
    height, width = tall.shape
    picture[30 : 30 + height, 60 : 60 + width] = tall[:, :, None]
    quad = box(60, 30, 59 + width, 29 + height)
    tiles = [box(60, 30 + 44 * n, 59 + width, 73 + 44 * n) for n in range(5)]
    words = words_on(picture, quad[None], characters=(np.array(tiles),) if known else None)
    (own,) = words.crops(picture)
    pad = (own.shape[1] - width) // 2
    np.testing.assert_array_equal(
        own, picture[30 - pad : 30 + height + pad, 60 - pad : 60 + width + pad]
    )
    (scaled,) = words.crops(picture, height=32)
    assert scaled.shape[1] == 32 and scaled.shape[0] > 100
    assert likeness(scaled, own) > 0.9


def test_characters_show_stacked_letters_where_strokes_do_not() -> None:
    picture = np.full((300, 300, 3), PAPER, np.uint8)
    quads = np.array([box(40, 20, 79, 259), box(140, 20, 179, 259)])
    stacked = np.array([box(40, 20 + 40 * n, 79, 59 + 40 * n) for n in range(6)])
    narrow = np.array([box(140, 20 + 20 * n, 179, 39 + 20 * n) for n in range(12)])
    column, word = words_on(picture, quads, characters=(stacked, narrow)).crops(picture)
    assert column.shape[0] > column.shape[1] and word.shape[0] < word.shape[1]


def test_a_tall_letter_among_words_is_as_high_as_they_are() -> None:
    picture = np.full((200, 400, 3), PAPER, np.uint8)
    quads = []
    for left, text in ((20, "Pill"), (200, "I"), (260, "l")):
        word = rendered(text)
        height, width = word.shape
        picture[50 : 50 + height, left : left + width] = word[:, :, None]
        quads.append(box(left, 50, left + width - 1, 49 + height))
    words = words_on(picture, np.array(quads))
    for own, crop, quad in zip(words.crops(picture), words.crops(picture, 32), quads, strict=True):
        pad = (own.shape[1] - int(quad[1, 0] - quad[0, 0])) // 2
        (left, top), (right, bottom) = quad[0].astype(int) - pad, quad[2].astype(int) + pad
        np.testing.assert_array_equal(own, picture[top : bottom + 1, left : right + 1])
        assert crop.shape[0] == 32 and likeness(crop, own) > 0.9


@pytest.mark.parametrize("angle", [0, 30, -60, 90])
def test_curved_words_are_straightened_along_their_outline(angle: int) -> None:
    text = "Thistle Gardens"
    straight = rendered(text)
    height, width = straight.shape
    radius, middle = 260.0, 300.0

    def on_arc(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        turn, away = (x - width / 2) / radius, radius + height / 2 - y
        return np.stack([middle + away * np.sin(turn), 400 - away * np.cos(turn)], axis=-1)

    down, across = np.mgrid[0:600, 0:600].astype(np.float32)
    turn = np.arctan2(across - middle, 400 - down)
    x = turn * radius + width / 2
    y = radius + height / 2 - np.hypot(across - middle, 400 - down)
    bent = cv2.remap(straight, x, y, cv2.INTER_CUBIC, None, cv2.BORDER_CONSTANT, PAPER)
    steps = np.linspace(0, width, 21)
    outline = np.concatenate([on_arc(steps, 0 * steps), on_arc(steps[::-1], 0 * steps + height)])
    picture, matrix = turned(np.repeat(bent[:, :, None], 3, axis=2), angle)
    outline = transform(outline, matrix)
    quad = cv2.boxPoints(cv2.minAreaRect(outline))
    page = np.pad(straight, 20, constant_values=PAPER)[:, :, None].repeat(3, axis=2)
    upright = box(20, 20, 19 + width, 19 + height)
    (expected,) = words_on(page, upright[None]).crops(page, height=40)
    for line in (outline, np.roll(outline, 21, axis=0)):
        words = words_on(picture, quad[None], polygons=(line,))
        (crop,) = words.crops(picture, height=40, polygons=True)
        cv2.imwrite("/tmp/x.png", expected)
        assert likeness(crop, expected) > 0.9
        assert likeness(words.crops(picture, height=40)[0], expected) < 0.7


def test_what_lies_beyond_the_picture_repeats_its_border() -> None:
    picture = np.zeros((40, 100, 3), np.uint8)
    picture[:] = np.arange(40, dtype=np.uint8)[:, None, None]
    (crop,) = words_on(picture, box(-10, -20, 109, 59)[None]).crops(picture)
    assert (crop[:20] == 0).all() and (crop[-20:] == 39).all()
    (far,) = words_on(picture, box(500, 500, 560, 520)[None]).crops(picture, height=8)
    assert (far == 39).all()


def test_fine_lines_of_large_words_become_grey() -> None:
    picture = np.zeros((500, 1200, 3), np.uint8)
    picture[:, ::2] = 255
    words = words_on(picture, box(50, 50, 1100, 400)[None])
    for polygons in (False, True):
        (crop,) = words.crops(picture, height=32, polygons=polygons)
        assert np.abs(crop.astype(int) - 128).max() < 12


def test_any_picture_that_can_be_read_is_cut(tmp_path: Path) -> None:
    page, quads = page_of(TEXTS)
    words = words_on(page, quads)
    file = tmp_path / "page.png"
    Image.fromarray(page).save(file)
    grey = page[:, :, 0]
    expected = words.crops(page)
    sources = [file, str(file), file.read_bytes(), io.BytesIO(file.read_bytes())]
    for source in [*sources, Image.fromarray(page), grey]:
        for crop, same in zip(words.crops(source), expected, strict=True):
            np.testing.assert_array_equal(crop, same)
    with pytest.raises(InputError):
        words.crops(tmp_path / "missing.png")


def test_another_picture_or_no_height_is_refused() -> None:
    page, quads = page_of(TEXTS)
    words = words_on(page, quads)
    with pytest.raises(ConfigError, match=r"500x399 pixels, .* 500x400"):
        words.crops(page[1:])
    with pytest.raises(ConfigError, match="give the picture that they were found in"):
        words.draw(page[1:])
    with pytest.raises(ConfigError, match="height 0"):
        words.crops(page, height=0)
    assert words[:0].crops(page) == []


def test_a_word_longer_than_opencv_warps_is_cut() -> None:
    picture = np.full((40, 70_000, 3), PAPER, np.uint8)
    picture[:, 35_000:] = INK
    (crop,) = words_on(picture, box(10, 5, 69_989, 34)[None]).crops(picture)
    assert crop.shape[1] > 30_000
    assert (crop[:, :1000] == PAPER).all() and (crop[:, -1000:] == INK).all()


@given(
    arrays(np.float32, (3, 4, 2), elements=st.floats(-80, 200, width=32)),
    arrays(np.float32, (3, 6, 2), elements=st.floats(-80, 200, width=32)),
    st.sampled_from([None, 1, 5, 32]),
)
def test_outlines_of_any_shape_give_crops(
    quads: np.ndarray, outlines: np.ndarray, height: int | None
) -> None:
    picture = np.zeros((60, 90, 3), np.uint8)
    words = Words(quads, tuple(outlines), np.ones(3, np.float32), (90, 60))
    for polygons in (False, True):
        for crop in words.crops(picture, height, polygons=polygons):
            assert crop.dtype == np.uint8 and crop.ndim == 3 and crop.shape[2] == 3
            assert crop.size and (height is None or height in crop.shape[:2])
