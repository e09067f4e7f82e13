"""The characters of a word pulled straight, parted by watershed on its region map.

Baek et al., "Character Region Awareness for Text Detection", CVPR 2019, section 3.2.2.
"""

import numpy as np
import numpy.typing as npt
from scipy.signal import find_peaks
from skimage.segmentation import watershed

Floats = npt.NDArray[np.floating]

PEAK = 0.2  # the least score of a character's peak
# How far a peak rises above the saddle to a higher one. Characters of a network that is still
# learning hardly part: at 0.05 a third of those that the eye can tell apart would be one.
PROMINENCE = 0.03
# The share of its peak that a character's target has at the edge of its box.
EDGE = 0.25


def find_characters(region: Floats) -> tuple[Floats, Floats]:
    """Where the characters of a straight word start and end, and how high their peaks are.

    What is flooded is the largest score of each column: characters stand beside each other, so
    that parts above each other, such as an i and its dot, are one. A character ends where the
    waters of the next begin, or where its score has fallen to EDGE of its peak.

    Args:
        region: (h, w) float32, the word's region map alone, reading to the right.

    Returns:
        Spans (M, 2) in columns of the map, in reading order, column k from k to k + 1; and peaks
        (M,). M is 0 where no score reaches PEAK.
    """
    profile = region.max(axis=0)
    # A peak lies between lower scores: with a column of nothing before and after, the first and
    # the last column can be one.
    places = find_peaks(np.pad(profile, 1), height=PEAK, prominence=PROMINENCE)[0] - 1
    markers = np.zeros(len(profile), np.int32)
    markers[places] = np.arange(1, len(places) + 1)
    owner = watershed(-profile, markers)  # type: ignore[no-untyped-call]
    spans = np.zeros((len(places), 2))
    for number, peak in enumerate(profile[places]):
        columns = np.flatnonzero((owner == number + 1) & (profile > EDGE * peak))
        spans[number] = columns[0], columns[-1] + 1
    return spans, profile[places]
