"""Words that nobody could read are don't-care, the others are not."""

import cv2
import numpy as np
import pytest

from craftlite.data.sample import Word
from craftlite.geometry import Picture
from craftlite.synth.legibility import mark_unreadable


def scene(height: int, ink_value: int, ground_value: int = 100) -> tuple[Word, Picture, Picture]:
    """A word of two bars, the picture that shows it, and its ink."""
    quad = np.array([[20, 20], [60, 20], [60, 20 + height], [20, 20 + height]], np.float32)
    ink = np.zeros((100, 100), np.uint8)
    ink[20 : 20 + height, 24:30] = ink[20 : 20 + height, 44:50] = 255
    picture = np.full((100, 100, 3), ground_value, np.uint8)
    picture[ink > 0] = ink_value
    return Word(quad, "II", characters=quad[None]), picture, ink


def is_ignored(word: Word, picture: Picture, ink: Picture, softness: float = 0.0) -> bool:
    [marked] = mark_unreadable([word], picture, ink, softness)
    assert np.array_equal(marked.polygon, word.polygon)
    assert marked.text == "II"
    return marked.ignore


def test_clear_words_are_kept() -> None:
    assert not is_ignored(*scene(20, 220))
    assert not is_ignored(*scene(20, 20))


@pytest.mark.parametrize(("height", "ignored"), [(5, True), (6, True), (8, False), (14, False)])
def test_low_words_cannot_be_read(height: int, ignored: bool) -> None:
    assert is_ignored(*scene(height, 220)) == ignored


def test_what_blur_leaves_readable_depends_on_the_height() -> None:
    assert is_ignored(*scene(10, 220), softness=2.5)
    assert not is_ignored(*scene(20, 220), softness=2.5)


def test_faint_words_cannot_be_read() -> None:
    assert is_ignored(*scene(20, 105))
    assert not is_ignored(*scene(20, 125))


def test_words_lost_in_clutter_cannot_be_read() -> None:
    word, picture, ink = scene(20, 130)
    clutter = np.random.default_rng(0).normal(0, 90, (100, 100, 1))
    noisy = np.clip(picture + clutter * (ink == 0)[..., None], 0, 255).astype(np.uint8)
    assert is_ignored(word, noisy, ink)


def test_one_channel_is_enough_to_stand_out() -> None:
    word, picture, ink = scene(20, 100)
    picture[ink > 0] = (100, 100, 180)
    assert not is_ignored(word, picture, ink)
    washed = cv2.GaussianBlur(np.full_like(picture, 255), (0, 0), 1)
    assert is_ignored(word, np.asarray(washed, np.uint8), ink)
