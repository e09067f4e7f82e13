"""Frames of a video file at regular intervals, decoded by OpenCV."""

from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from craftlite.errors import InputError
from craftlite.geometry import Picture
from craftlite.image.document import AVIF_BRANDS, HEIF_BRANDS, Part, check_size, damaged

# FFmpeg also opens playlists, which may name any other file, so it only gets these containers.
_ATOMS = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}
_CANON_RAW = b"crx "


def is_video(head: bytes) -> bool:
    """Return whether a file with these first bytes is MP4, QuickTime, Matroska, WebM or AVI."""
    if head[4:8] in _ATOMS:
        return head[8:12] not in HEIF_BRANDS | AVIF_BRANDS | {_CANON_RAW}
    return head.startswith(b"\x1aE\xdf\xa3") or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")


def is_video_file(path: Path) -> bool:
    """Return whether a path is a regular file with a video; False if it cannot be read."""
    with suppress(OSError, ValueError):
        if path.is_file():
            with path.open("rb") as file:
                return is_video(file.read(12))
    return False


class Video:
    """A video's frames: the first one, and then one for every `every` seconds.

    Raises:
        InputError: the video cannot be decoded, or its frames have more than max_pixels pixels.
    """

    several = True
    animated = False

    def __init__(self, path: Path, name: str, every: float, max_pixels: int) -> None:
        self.name, self._every, self._max_pixels = name, every, max_pixels
        self._file = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._file.isOpened():
            raise InputError(f"{name}: the video is damaged, or OpenCV lacks its codec")
        sides = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        width, height = (int(self._file.get(side)) for side in sides)
        check_size(width, height, name, max_pixels)
        self._time = -1.0

    def has(self, number: int) -> bool:
        """Return whether a frame exists at that time; advances to it."""
        while self._file.grab():
            self._time = self._file.get(cv2.CAP_PROP_POS_MSEC) / 1000
            # Times are multiples of a frame's duration only up to rounding errors.
            if self._time > (number - 1) * self._every - 1e-6:
                return True
        return False

    def part(self, number: int) -> Part:
        """Return the time of the frame found by `has`, in seconds."""
        return {"time": round(self._time, 3)}

    def read(self, number: int) -> Picture:
        """Return the frame found by `has` as (H, W, 3) uint8 RGB; raises InputError."""
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
