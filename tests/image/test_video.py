"""Frames of videos that OpenCV writes."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from craftlite import read_image
from craftlite.errors import InputError
from craftlite.image import open_document
from craftlite.image.document import chosen_pages
from craftlite.image.video import is_video


@pytest.fixture(params=[("mp4", "mp4v"), ("avi", "MJPG"), ("mkv", "MJPG")])
def clip(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Three seconds of ten frames each, first red, then green, then blue."""
    suffix, codec = request.param
    path = tmp_path / f"clip.{suffix}"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), 10, (64, 48))
    assert video.isOpened()
    for number in range(30):
        frame = np.zeros((48, 64, 3), np.uint8)
        frame[:, :, 2 - number // 10] = 250
        video.write(frame)
    video.release()
    return path


def times_and_colours(path: Path, every: float) -> list[tuple[float, int]]:
    """The time of each frame that is read, and which of red, green and blue it shows."""
    document = open_document(path, every=every)
    found = []
    for number in chosen_pages(document, None):
        picture = document.read(number)
        assert picture.shape == (48, 64, 3) and picture.dtype == np.uint8
        found.append((document.part(number)["time"], int(picture[24, 32].argmax())))
    document.close()
    return found


def test_a_frame_in_so_many_seconds(clip: Path) -> None:
    assert times_and_colours(clip, 1) == [(0.0, 0), (1.0, 1), (2.0, 2)]
    assert times_and_colours(clip, 0.75) == [(0.0, 0), (0.8, 0), (1.5, 1), (2.3, 2)]
    assert times_and_colours(clip, 100) == [(0.0, 0)]


def test_no_frame_is_read_twice(clip: Path) -> None:
    times = [time for time, _ in times_and_colours(clip, 0.01)]
    assert times == pytest.approx([number / 10 for number in range(30)])


def test_chosen_frames(clip: Path) -> None:
    document = open_document(clip, every=0.5)
    chosen = [document.part(number)["time"] for number in chosen_pages(document, (2, 5))]
    assert chosen == [0.5, 2.0]


def test_without_every_a_video_is_named_as_one(clip: Path) -> None:
    with pytest.raises(InputError, match="is a video; use craftlite detect --every SECONDS"):
        read_image(clip)


def test_what_is_too_large_or_damaged_is_refused(clip: Path) -> None:
    with pytest.raises(InputError, match="64x48 pixels, more than the limit of 100"):
        open_document(clip, every=1, max_pixels=100)
    clip.write_bytes(clip.read_bytes()[:60])
    with pytest.raises(InputError, match=r"clip\..*: the video is damaged"):
        open_document(clip, every=1)


def test_playlists_and_pictures_are_no_videos(tmp_path: Path) -> None:
    for head in (
        b"#EXTM3U\nfile:///etc/x",
        b"ffconcat version",
        b"\0\0\0\x18ftypheic",
        b"RIFF1234WEBP",
    ):
        assert not is_video(head)
    playlist = tmp_path / "list.mp4"
    playlist.write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n")
    with pytest.raises(InputError, match="known format"):
        open_document(playlist, every=1)
