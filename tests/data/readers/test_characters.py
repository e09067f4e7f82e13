"""Characters go to the words that they lie in."""

import numpy as np

from craftlite.data.files.characters import homes
from craftlite.geometry import box


def test_each_centre_goes_to_the_smallest_outline_that_holds_it() -> None:
    diamond = np.array([[50, 0], [100, 50], [50, 100], [0, 50]], np.float32)
    outlines = [box(0, 0, 200, 200), diamond, box(40, 40, 60, 60)]
    centres = [(50, 50), (50, 20), (5, 5), (300, 5), (100, 50), (60, 40)]
    boxes = [box(x - 3, y - 2, x + 3, y + 2) for x, y in centres]
    assert homes(outlines, boxes).tolist() == [2, 1, 0, -1, 1, 2]
    assert homes([], boxes[:1]).tolist() == [-1]
    assert homes(outlines, []).tolist() == []


def test_thousands_of_words_and_characters_take_no_time() -> None:
    words = [box(10 * number, 0, 10 * number + 9, 9) for number in range(3000)]
    assert homes(words, words[::-1]).tolist() == list(range(2999, -1, -1))
