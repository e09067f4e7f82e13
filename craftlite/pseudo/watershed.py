"""Splitting a straightened word into characters, by watershed on its region map.

Baek et al., "Character Region Awareness for Text Detection", CVPR 2019, section 3.2.2.
"""

import numpy as np
import numpy.typing as npt
from skimage.measure import label
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

Floats = npt.NDArray[np.floating]

PEAK = 0.2  # minimum score of a character's peak
# Minimum height of a peak above the saddle to the next. At 0.03, the ripples of a network that
# cannot separate characters yet match half as many texts again; for one that can, nothing changes.
PROMINENCE = 0.05
# The score at the edge of a character's box, relative to its peak, in the training targets.
EDGE = 0.25


def find_characters(region: Floats) -> tuple[Floats, Floats]:
    """Find where the characters of a straight word start and end, and how high their peaks are.

    The watershed runs on the largest score of each column: characters are side by side, so parts
    above each other, such as an i and its dot, are one. A character ends where the basin of the
    next begins, or where its score has fallen to EDGE of its peak.

    Args:
        region: (h, w) float32, the word's part of the region map, reading to the right.

    Returns:
        Spans (M, 2) in columns of the map, in reading order, with column k from k to k + 1; and
        peaks (M,). M is 0 if no score reaches PEAK.
    """
    # A peak lies between lower scores; zeros before and after let the first and the last column be
    # peaks.
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
