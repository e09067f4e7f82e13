"""Tables and receipts: cells that do not meet, and prices at one edge."""

import itertools
import re

import numpy as np
import pytest
import shapely

from craftlite.data.sample import Word
from craftlite.synth.typesetting.block import Typesetter, random_kind, receipt, ruled_table
from craftlite.synth.typesetting.fonts import Face
from craftlite.synth.typesetting.pages import random_page, running_text
from craftlite.synth.typesetting.scripts import NEEDED
from craftlite.synth.typesetting.vocabulary import Vocabulary

PRICE = re.compile(r"[$€£]?[\d.,]+[.,]\d\d€?")


def typesetter(seed: int, face: Face) -> Typesetter:
    return Typesetter(np.random.default_rng(seed), face, "latin", Vocabulary())


def boxes(words: tuple[Word, ...]) -> list[shapely.Polygon]:
    return [shapely.Polygon(word.polygon) for word in words]


def apart(words: tuple[Word, ...]) -> bool:
    pairs = itertools.combinations(boxes(words), 2)
    return all(one.intersection(other).area < 0.02 * one.area for one, other in pairs)


@pytest.mark.parametrize("seed", range(12))
def test_a_tables_words_stand_apart_in_rows(seed: int, dejavu: Face) -> None:
    block = ruled_table(typesetter(seed, dejavu))
    assert block is not None
    assert apart(block.words)
    assert len(block.contours.sizes) == len(block.contours.holes)
    assert sum(block.contours.sizes) == len(block.contours.points)


def test_tables_hold_lone_characters_and_rules(dejavu: Face) -> None:
    drawn = [ruled_table(typesetter(seed, dejavu)) for seed in range(40)]
    blocks = [block for block in drawn if block is not None]
    lone = [len(word.text or "") == 1 for block in blocks for word in block.words]
    assert 0.3 < np.mean(lone) < 0.8
    # A rule is a contour of four corners that reaches farther than any word.
    widest = [max(np.ptp(word.polygon[:, 0]) for word in block.words) for block in blocks]
    ruled = [
        bool(np.ptp(block.contours.points[:, 0]) > width) and block.contours.sizes[-1] == 4
        for block, width in zip(blocks, widest, strict=True)
    ]
    assert 0.3 < np.mean(ruled) < 0.9


@pytest.mark.parametrize("seed", range(6))
def test_a_receipts_prices_are_whole_words_that_end_at_one_edge(seed: int, dejavu: Face) -> None:
    block = receipt(typesetter(seed, dejavu))
    assert block is not None
    assert apart(block.words)
    right = block.box()[2]
    last = [word for word in block.words if word.polygon[:, 0].max() > right - 0.05]
    assert len(last) >= 3
    assert all(PRICE.fullmatch(word.text or "") for word in last)


@pytest.mark.parametrize("width", [6.0, 15.0])
def test_running_text_fills_lines_of_the_width(width: float, dejavu: Face) -> None:
    for seed in range(6):
        block = running_text(typesetter(seed, dejavu), width)
        if block is None:  # no word that narrow was drawn
            continue
        assert block.box()[2] <= width + 0.01
        assert apart(block.words)


def test_a_pages_blocks_lie_on_it_and_apart(dejavu: Face) -> None:
    size = (500, 400)
    for seed in range(8):
        page = list(random_page(typesetter(seed, dejavu), size))
        blocks = [placed.block.moved(placed.matrix) for placed in page]
        assert len(blocks) > 1
        words = tuple(word for block in blocks for word in block.words)
        assert apart(words)
        frame = shapely.box(0, 0, *size).buffer(12)  # a turned page's corners stand out a little
        assert all(frame.contains(box) for box in boxes(words))


@pytest.mark.parametrize("script", NEEDED)
def test_every_kind_is_drawn_for_every_script(script: str) -> None:
    rng = np.random.default_rng(0)
    kinds = {random_kind(rng, script) for _ in range(600)}
    assert ruled_table in kinds
    assert (receipt in kinds) == (script in ("latin", "greek", "cyrillic"))
