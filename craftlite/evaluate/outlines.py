"""Outlines of ground truth and detections on a picture, coloured by how they were scored."""

from collections.abc import Sequence

from craftlite.data.sample import Word
from craftlite.draw import draw_outlines, scaled
from craftlite.evaluate.score import Matching
from craftlite.geometry import Picture, Points

# Colours by result: ground truth has thin lines, detections thick ones.
COLOURS = {
    "truth": (255, 255, 255),
    "truth, missed": (255, 214, 0),
    "detection": (0, 230, 118),
    "detection, wrong": (255, 64, 64),
    "don't care": (150, 150, 162),
}


def mark(
    picture: Picture,
    truths: Sequence[Word],
    outlines: Sequence[Points],
    matching: Matching,
    scale: float = 1.0,
) -> Picture:
    """Draw ground truth and detected outlines (K, 2) on a copy of a picture, coloured by result.

    scale: from the pixels of the outlines to the picture's; pixel centres map to pixel centres.
    """
    drawn = picture.copy()
    polygons = [word.polygon for word in truths]
    for points, scored, credit, right, wrong, width in (
        (polygons, matching.truth_scored, matching.found, "truth", "truth, missed", 1),
        (outlines, matching.detection_scored, matching.correct, "detection", "detection, wrong", 2),
    ):
        for one, counts, share in zip(points, scored.tolist(), credit.tolist(), strict=True):
            state = (right if share > 0 else wrong) if counts else "don't care"
            draw_outlines(drawn, scaled([one], scale), COLOURS[state], width)
    return drawn
