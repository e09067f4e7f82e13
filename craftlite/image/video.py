"""Frames of a video file, one every so many seconds, by OpenCV."""

from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from craftlite.errors import InputError
from craftlite.geometry import Picture
from craftlite.image.document import AVIF_BRANDS, HEIF_BRANDS, Part, check_size, damaged

# FFmpeg opens playlists too, which may name any other file: only these containers are given to it.
_ATOMS = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}
_CANON_RAW = b"crx "


def is_video(head: bytes) -> bool:
    """Whether a file of these first bytes is MP4 or QuickTime, Matroska or WebM, or AVI."""
    if head[4:8] in _ATOMS:
        return head[8:12] not in HEIF_BRANDS | AVIF_BRANDS | {_CANON_RAW}
    return head.startswith(b"\x1aE\xdf\xa3") or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")


def is_video_file(path: Path) -> bool:
    """Whether a regular file is a video; one that cannot be read is not."""
    with suppress(OSError, ValueError):
        if path.is_file():
            with path.open("rb") as file:
                return is_video(file.read(12))
    return False


class Video:
    """A video's frames: the first one, and then one whenever `every` seconds have passed.

    Raises:
        InputError: it cannot be decoded, or its frames have more than max_pixels.
    """

    several = True
    animated = False

    def __init__(self, path: Path, name: str, every: float, max_pixels: int) -> None:
        self.name, self._every, self._max_pixels = name, every, max_pixels
        self._file = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._file.isOpened():
            raise InputError(f"{name}: the video is damaged, or of a codec that OpenCV lacks")
        sides = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        width, height = (int(self._file.get(side)) for side in sides)
        check_size(width, height, name, max_pixels)
        self._time = -1.0

    def has(self, number: int) -> bool:
        """Whether there is a frame that late; it is gone to."""
        while self._file.grab():
            self._time = self._file.get(cv2.CAP_PROP_POS_MSEC) / 1000
            # Times are multiples of a frame's duration but for the last digits.
            if self._time > (number - 1) * self._every - 1e-6:
                return True
        return False

    def part(self, number: int) -> Part:
        """The time of the frame that was gone to, in seconds."""
        return {"time": round(self._time, 3)}

    def read(self, number: int) -> Picture:
        """The frame that `has` has gone to, as (H, W, 3) uint8 RGB; raises InputError."""
        try:
            whole, frame = self._file.retrieve()
        except cv2.error as error:
            raise damaged(self.name, error) from error
        if not whole:
            raise InputError(f"{self.name}: the frame at {self._time:.3f} s cannot be decoded")
        check_size(frame.shape[1], frame.shape[0], self.name, self._max_pixels)
        return np.ascontiguousarray(frame[:, :, ::-1], np.uint8)

    def close(self) -> None:
        """Close the file."""
        self._file.release()
