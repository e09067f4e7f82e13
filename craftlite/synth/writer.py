"""Writing of generated datasets, with words in craftlite's own and in SynthText's format.

Pictures are grouped in blocks, `images/NNNNNN/`. A block's `words.jsonl` is written after its
pictures, so that an interrupted run can resume with the first unfinished block. The `words.jsonl`
and `gt.mat` of the whole dataset are written last. The same settings give the same bytes.
"""

import hashlib
import json
import signal
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from multiprocessing import get_context, resource_tracker
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import PIL
import uharfbuzz

from craftlite import __version__
from craftlite.data.fingerprint import fingerprint
from craftlite.data.sample import Word
from craftlite.errors import ConfigError
from craftlite.files import is_unfinished, write_whole
from craftlite.progress import Progress
from craftlite.synth.generator import Generator
from craftlite.synth.synthtext import synthtext_bytes

PICTURES_A_BLOCK = 1000
JPEG_QUALITY = 95
MANIFEST = "manifest.json"
VERSIONS = {
    "craftlite": __version__,
    "numpy": np.__version__,
    "opencv-python-headless": cv2.__version__,
    "pillow": PIL.__version__,
    "uharfbuzz": uharfbuzz.__version__,
}
HAS_MASKS = hasattr(signal, "pthread_sigmask")  # not on Windows


def write_dataset(
    generator: Generator, out: Path, count: int, *, workers: int = 1, resume: bool = False
) -> dict[str, int]:
    """Write pictures 0 to count - 1 to a folder and return the totals (see `count_words`).

    Args:
        generator: the generator of the pictures.
        out: the output folder.
        count: number of pictures.
        workers: number of worker processes; the result does not depend on it.
        resume: continue an interrupted run that had the same settings.

    Raises:
        ConfigError: the folder holds something else, or was started with other settings.
        CraftliteError: a file cannot be written.
    """
    settings = settings_of(generator, count)
    _claim(out, settings, resume)
    write_whole(out / MANIFEST, _json(settings))
    blocks = [range(k, min(k + PICTURES_A_BLOCK, count)) for k in range(0, count, PICTURES_A_BLOCK)]
    left = [block for block in blocks if not lines_path(out, block).exists()]
    jobs = [(number, picture_path(number)) for block in left for number in block]
    progress = Progress(total=count, initial=count - len(jobs), unit="picture")
    with progress, _workers(workers, generator) as pool:
        pictures = pool.imap(_make, jobs, chunksize=4)
        for block in left:
            lines = []
            for path, jpeg, line in islice(pictures, len(block)):
                write_whole(out / path, jpeg, durable=False)
                lines.append(line)
                progress.update()
            # Written last, so that a block with this file is known to have all its pictures.
            write_whole(lines_path(out, block), "".join(lines))
        progress.write_summary(skipped=count - len(jobs))
    text = "".join(lines_path(out, block).read_text("utf-8") for block in blocks)
    records = [json.loads(line) for line in text.split("\n") if line]
    write_whole(out / "words.jsonl", text)
    write_whole(out / "gt.mat", synthtext_bytes(records))
    totals = count_words(records)
    write_whole(out / MANIFEST, _json(settings | {"totals": totals}))
    return totals


def settings_of(generator: Generator, count: int) -> dict[str, Any]:
    """Return all settings that determine the output, in the form stored in the manifest."""
    faces, given = generator.faces, generator.vocabulary.given
    files = {face.path for of_script in faces.values() for face in of_script if face.path}
    return {
        "count": count,
        "seed": generator.seed,
        "size": list(generator.size),
        "typical_words": generator.typical_words,
        "pages": generator.pages,
        "shares": dict(generator.shares),
        "faces": {script: len(of_script) for script, of_script in faces.items()},
        "faces_digest": _digest(map(Path, sorted(files))),
        "photographs": len(generator.photographs),
        "photographs_digest": _digest(generator.photographs),
        "scenes": len(generator.scenes),
        "scenes_digest": fingerprint(generator.scenes),
        "words": {script: len(words) for script, words in given.items()},
        "words_digest": _sha256("\n".join(word for words in given.values() for word in words)),
        "versions": VERSIONS,
    }


def picture_path(number: int) -> str:
    """Return the path of a picture relative to the output folder."""
    return f"images/{number // PICTURES_A_BLOCK:06d}/synth_{number}.jpg"


def lines_path(out: Path, block: range) -> Path:
    """Return the path of the `words.jsonl` of one block."""
    return (out / picture_path(block.start)).with_name("words.jsonl")


def count_words(records: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Count the pictures, words, don't-care words and characters."""
    words = [word for record in records for word in record["words"]]
    return {
        "pictures": len(records),
        "words": len(words),
        "dont_care": sum(word["ignore"] for word in words),
        "characters": sum(len(word.get("characters", ())) for word in words),
    }


def word_record(word: Word) -> dict[str, Any]:
    """Return a word as stored in `words.jsonl`, with coordinates rounded to 0.01 pixels."""
    record = {"polygon": rounded(word.polygon), "text": word.text, "ignore": word.ignore}
    if word.characters is None:
        return record
    sure = {} if word.confidence == 1 else {"confidence": round(word.confidence, 3)}
    return record | {"characters": rounded(word.characters)} | sure


def _claim(out: Path, settings: dict[str, Any], resume: bool) -> None:
    """Raise ConfigError if the folder holds other files or cannot be resumed with `settings`."""
    manifest = out / MANIFEST
    if not manifest.exists():
        if out.exists() and (not out.is_dir() or any(not is_unfinished(p) for p in out.iterdir())):
            raise ConfigError(f"{out}: is not empty and has no {MANIFEST}; choose another --out")
        return
    if not resume:
        raise ConfigError(f"{out}: already holds generated pictures; add --resume or change --out")
    was = json.loads(manifest.read_text("utf-8"))
    changed = [name for name, value in settings.items() if was.get(name) != value]
    if changed:
        differences = ", ".join(f"{name} {was.get(name)}" for name in changed)
        raise ConfigError(f"{out}: was started with {differences}; resume with the same settings")


_generator: Generator  # set in each worker process


@contextmanager
def _workers(count: int, generator: Generator) -> Iterator[Pool]:
    """Start a pool of processes that ignore Ctrl-C; hold Ctrl-C back until the pool has started."""
    if HAS_MASKS:
        # Creating the first pool starts the resource tracker, which unblocks SIGINT as a side
        # effect. Start it now, before the signal is blocked.
        resource_tracker.ensure_running()
    with ExitStack() as ending:
        with _interrupt_waits():
            # Spawn rather than fork: a forked child hangs if OpenCV has already used threads here.
            pool = get_context("spawn").Pool(count, _begin, [generator])
            ending.callback(pool.join)
            ending.callback(pool.terminate)
        yield pool


@contextmanager
def _interrupt_waits() -> Iterator[None]:
    """Defer Ctrl-C until the block ends, for this process and for processes started inside it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread handles interrupts
        return
    came = threading.Event()
    handler = signal.signal(signal.SIGINT, lambda number, frame: came.set())
    # Both are needed: child processes inherit the mask but not the handler, and the mask covers
    # only this thread, so another thread may still receive the signal.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if HAS_MASKS else set()
    try:
        yield
    finally:
        if HAS_MASKS:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if came.is_set():
        signal.raise_signal(signal.SIGINT)


def _begin(generator: Generator) -> None:
    """Initialise a worker: use one OpenCV thread, and leave Ctrl-C to the main process."""
    global _generator
    _generator = generator
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _make(job: tuple[int, str]) -> tuple[str, bytes, str]:
    """Make a picture; return its path, its JPEG bytes and its line of `words.jsonl`."""
    number, path = job
    sample = _generator.sample(number)
    bgr = cv2.cvtColor(sample.pixels(), cv2.COLOR_RGB2BGR)
    jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    words = [word_record(word) for word in sample.words]
    line = json.dumps({"image": path, "words": words}, ensure_ascii=False)
    return path, jpeg.tobytes(), line + "\n"


def rounded(points: npt.NDArray[np.float32]) -> Any:
    """Return points (..., 2) as nested lists for JSON, rounded to 0.01 pixels."""
    return np.round(points.astype(np.float64), 2).tolist()


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def _digest(files: Iterable[Path]) -> str:
    """Hash the files' names and sizes; reading their contents is not worth the time."""
    return _sha256("\n".join(f"{file.name} {file.stat().st_size}" for file in files))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
