"""Outlines of truths and detections on a picture, coloured by what became of them."""

from collections.abc import Sequence

from craftlite.draw import outline
from craftlite.evaluate.score import Bools, Matching
from craftlite.geometry import Picture, Points

# What became of a truth, in thin lines, and of a detection, in thick ones.
COLOURS = {
    "truth": (255, 255, 255),
    "truth, missed": (255, 214, 0),
    "detection": (0, 230, 118),
    "detection, wrong": (255, 64, 64),
    "don't care": (150, 150, 162),
}


def mark(
    picture: Picture, truths: Sequence[Points], outlines: Sequence[Points], matching: Matching
) -> Picture:
    """A copy of a picture with outlines (K, 2), in its pixels, by what became of them."""
    drawn = picture.copy()

    def draw(
        parts: Sequence[Points], counts: Bools, good: Bools, names: tuple[str, str], width: int
    ) -> None:
        for points, counting, right in zip(parts, counts.tolist(), good.tolist(), strict=True):
            state = names[0] if right else names[1]
            outline(drawn, [points], COLOURS[state if counting else "don't care"], width)

    good = matching.found > 0, matching.correct > 0
    draw(truths, matching.truth_scored, good[0], ("truth", "truth, missed"), 1)
    draw(outlines, matching.detection_scored, good[1], ("detection", "detection, wrong"), 2)
    return drawn
