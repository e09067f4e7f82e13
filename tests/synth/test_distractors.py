"""Things that are no text: drawn on some grounds, of any size, the same for the same seed."""

import numpy as np
import pytest

from craftlite.synth.backgrounds.distractors import (
    CLUTTERED,
    COVERED,
    THINGS,
    add_cables,
    add_clutter,
)
from craftlite.synth.backgrounds.patterns import Pattern


@pytest.mark.parametrize("thing", dict.fromkeys(THINGS))
@pytest.mark.parametrize("size", [(64, 64), (200, 90)])
def test_things_draw_on_grounds_of_any_size_and_repeat(
    thing: Pattern, size: tuple[int, int]
) -> None:
    changed = 0
    for seed in range(10):
        drawn = []
        for _ in range(2):
            ground = np.full((size[1], size[0], 3), 128, np.uint8)
            thing(np.random.default_rng(seed), ground)
            drawn.append(ground)
        assert np.array_equal(*drawn)
        changed += bool((drawn[0] != 128).any())
    assert changed >= 7  # some land beside the picture


def test_a_share_of_the_grounds_stays_as_it_is() -> None:
    plain = np.full((80, 120, 3), 128, np.uint8)
    untouched = 0
    for seed in range(200):
        ground = plain.copy()
        add_clutter(np.random.default_rng(seed), ground)
        untouched += np.array_equal(ground, plain)
    assert untouched / 200 == pytest.approx(1 - CLUTTERED, abs=0.12)


def test_cables_hang_before_a_share_of_the_pictures_and_hide_little() -> None:
    hidden = []
    for seed in range(400):
        picture = np.full((120, 160, 3), 128, np.uint8)
        add_cables(np.random.default_rng(seed), picture)
        hidden.append((picture != 128).any(axis=2).mean())
    assert np.mean(np.array(hidden) > 0) == pytest.approx(COVERED, abs=0.05)
    assert max(hidden) < 0.25
