"""The characters of a word pulled straight, parted by watershed on its region map.

Baek et al., "Character Region Awareness for Text Detection", CVPR 2019, section 3.2.2.
"""

import numpy as np
import numpy.typing as npt
from skimage.measure import label
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

Floats = npt.NDArray[np.floating]

PEAK = 0.2  # the least score of a character's peak
# How far a peak rises above the saddle to the next. At 0.03, the ripples of a network that does not
# part characters yet fit the texts of half as many words again; one that does finds no more.
PROMINENCE = 0.05
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
    # A peak lies between lower scores: with a column of nothing before and after, the first and
    # the last column can be one.
    profile = np.pad(region.max(axis=0), 1)
    # Peaks between which the saddle is no deeper than PROMINENCE become one plateau.
    plateaus = reconstruction(profile - PROMINENCE, profile)
    cores = label(local_maxima(plateaus) & (plateaus + PROMINENCE >= PEAK))
    owner = watershed(-profile, cores)
    spans, peaks = np.zeros((cores.max(), 2)), np.zeros(cores.max())
    for k in range(len(peaks)):
        within = np.where(owner == k + 1, profile, 0)
        peaks[k] = within.max()
        columns = np.flatnonzero(within > EDGE * peaks[k])
        spans[k] = columns[0] - 1, columns[-1]
    return spans, peaks
