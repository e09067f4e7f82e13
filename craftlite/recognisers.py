"""Text recognisers of other projects, which turn pictures of single words into text, offline.

None is trained by craftlite. Both are optional, and neither downloads anything when it runs:
RapidOCR's model is in its wheel, and tesseract's data comes with the program.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import cv2
import numpy as np

from craftlite.errors import ConfigError
from craftlite.geometry import Picture

Name = Literal["rapidocr", "tesseract"]
HEIGHT = 56  # pixels of a word's picture, which gives letters of the height recognisers expect
LONGEST = 2000  # pixels; a longer word is squeezed, as memory grows with its length

_ADVICE = {
    "rapidocr": "needs rapidocr, which comes with: pip install rapidocr",
    "tesseract": "needs the program tesseract: apt install tesseract-ocr, or brew install "
    "tesseract",
}


class Reading(NamedTuple):
    """The text that a recogniser reads in one picture, or "" with score 0.

    score: confidence of the recogniser, 0..1.
    """

    text: str
    score: float


# Maps upright pictures of words (H, W, 3) uint8 RGB to their readings, in the same order.
Recogniser = Callable[[Sequence[Picture]], list[Reading]]


def is_installed(name: str) -> bool:
    """Return whether the package or the program of a recogniser is installed."""
    if name == "rapidocr":
        return find_spec("rapidocr") is not None
    return shutil.which("tesseract") is not None


@cache
def open_recogniser(name: str, threads: int | None = None) -> Recogniser:
    """Return a recogniser, opened once for each name and number of threads.

    Args:
        name: "rapidocr" or "tesseract".
        threads: CPU threads; None uses the recogniser's default, which is all cores.

    Raises:
        ConfigError: the recogniser is unknown or not installed; the message says how to install it.
    """
    if name not in get_args(Name):
        raise ConfigError(f"recogniser {name}: expected one of {', '.join(get_args(Name))}")
    if not is_installed(name):
        raise ConfigError(f"recogniser {name}: {_ADVICE[name]}")
    return RapidOcr(threads) if name == "rapidocr" else Tesseract(threads=threads)


class RapidOcr:
    """RapidOCR's recogniser: PP-OCRv6, for Latin letters, Chinese and Japanese.

    Args:
        threads: CPU threads; None uses all cores.
    """

    def __init__(self, threads: int | None = None) -> None:
        import rapidocr

        # Give the model in the package as a file, as RapidOCR might otherwise download one.
        models = sorted((Path(rapidocr.__file__).parent / "models").glob("*rec*.onnx"))
        if not models:
            raise ConfigError("recogniser rapidocr: its package contains no model; reinstall it")
        # A plain int: RapidOCR rejects subclasses such as the command line's PositiveInt.
        cores = -1 if threads is None else int(threads)
        settings: dict[str, Any] = {
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": cores,
            "Rec.model_path": str(models[0]),
            # The default pads lines to 320 pixels, which doubles the time for short words.
            "Rec.rec_img_shape": [3, 48, 48],
        }
        self._engine: Any = rapidocr.RapidOCR(params=settings)

    def __call__(self, pictures: Sequence[Picture]) -> list[Reading]:
        """Return the texts of pictures of words."""
        if not pictures:
            return []
        bgr = [cv2.cvtColor(_squeezed(picture), cv2.COLOR_RGB2BGR) for picture in pictures]
        read = self._engine.recognize_txt(bgr)
        return [
            Reading(text.strip(), float(score) if text.strip() else 0.0)
            for text, score in zip(read.txts, read.scores, strict=True)
        ]


def _squeezed(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    if width <= LONGEST:
        return picture
    return cv2.resize(picture, (LONGEST, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


class Tesseract:
    """The program tesseract, run once for all pictures of a call.

    Args:
        languages: languages of the text, as for tesseract's option -l, such as "eng+deu".
        threads: CPU threads; None uses tesseract's default.

    Raises:
        ConfigError: the data of a language is not installed.
    """

    def __init__(self, languages: str = "eng", threads: int | None = None) -> None:
        listed = _run_tesseract(["--list-langs"])
        installed = listed.splitlines()[1:]
        if missing := set(languages.split("+")) - set(installed):
            raise ConfigError(
                f"recogniser tesseract: has no data for {', '.join(sorted(missing))}; installed "
                f"are {', '.join(installed)}"
            )
        self._languages, self._threads = languages, threads

    def __call__(self, pictures: Sequence[Picture]) -> list[Reading]:
        """Return the texts of pictures of words.

        Raises:
            ConfigError: tesseract fails.
        """
        if not pictures:
            return []
        with tempfile.TemporaryDirectory(prefix="craftlite-") as folder:
            paths = [Path(folder, f"{number}.png") for number in range(len(pictures))]
            for path, picture in zip(paths, pictures, strict=True):
                bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
                path.write_bytes(cv2.imencode(".png", bgr)[1].tobytes())
            listed = Path(folder, "list.txt")
            listed.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
            # Page segmentation mode 7, a single line, reads more words correctly than 8, one word.
            options = ["-l", self._languages, "--psm", "7", "--dpi", "300", "tsv"]
            table = _run_tesseract([str(listed), "stdout", *options], self._threads)
        parts: list[list[Reading]] = [[] for _ in pictures]
        for line in table.splitlines()[1:]:
            # level, page, block, paragraph, line, word, left, top, width, height, conf, text
            fields = line.split("\t")
            if fields[0] == "5" and fields[-1].strip():  # a word
                parts[int(fields[1]) - 1].append(Reading(fields[-1], float(fields[10]) / 100))
        return [_joined(found) for found in parts]


def _joined(parts: list[Reading]) -> Reading:
    if not parts:
        return Reading("", 0.0)
    return Reading(" ".join(text for text, _ in parts), min(score for _, score in parts))


def _run_tesseract(arguments: Sequence[str], threads: int | None = None) -> str:
    """Run tesseract and return its output."""
    limit = {} if threads is None else {"OMP_THREAD_LIMIT": str(threads)}
    done = subprocess.run(
        ["tesseract", *arguments], capture_output=True, env={**os.environ, **limit}
    )
    if done.returncode:
        reason = "no message"
        with suppress(IndexError):
            reason = done.stderr.decode(errors="replace").strip().splitlines()[-1]
        raise ConfigError(f"recogniser tesseract: failed ({reason})")
    return done.stdout.decode()
