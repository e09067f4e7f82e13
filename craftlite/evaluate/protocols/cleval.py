"""CLEval (Baek et al., CVPR 2020 workshops): characters, fair to detectors of words and lines.

The published package `cleval` does the counting; it needs the texts of the ground truth. A word
without a text is assumed to have as many characters as its width suggests.
"""

from collections.abc import Sequence

import numpy as np

from craftlite.data.sample import Word
from craftlite.data.word_geometry import characters_of, least_rectangle
from craftlite.evaluate.score import Tally
from craftlite.geometry import Points


def is_installed() -> bool:
    """Return whether the package and its dependencies can be imported."""
    try:
        import cleval  # noqa: F401
    except ImportError:
        return False
    return True


def measure(truths: Sequence[Word], outlines: Sequence[Points]) -> Tally:
    """Count the characters of one picture: truths, detections, found and correct, less penalties.

    Outlines (K, 2) of more than four points are replaced by their smallest rectangles.

    Raises:
        ModuleNotFoundError: the package cleval is not installed.
    """
    from cleval import CLEvalMetric

    metric = CLEvalMetric()
    texts = [word.text or "o" * len(characters_of(word)) for word in truths]
    metric.update(
        quads(outlines),
        quads([word.polygon for word in truths]),
        [""] * len(outlines),
        texts,
        [word.ignore for word in truths],
    )
    return Tally(
        truths=int(metric.det_num_char_gt),
        detections=int(metric.det_num_char_det),
        found=float(metric.det_num_char_tp_recall - metric.det_gran_score_recall),
        correct=float(metric.det_num_char_tp_precision - metric.det_gran_score_precision),
    )


def quads(outlines: Sequence[Points]) -> Points:
    """Return corners (N, 8), as the package expects them."""
    fours = [o if len(o) == 4 else least_rectangle(np.asarray(o, np.float32)) for o in outlines]
    return np.array(fours, np.float32).reshape(-1, 8)
