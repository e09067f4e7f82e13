"""SynthText in the Wild: 858,750 pictures whose words and characters are in one `gt.mat`."""

import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from craftlite.data.annotations import (
    ANTICLOCKWISE,
    CHARACTERS,
    DUPLICATE,
    UNREADABLE,
    WORDS,
    Dataset,
    IssueLog,
    UnreadableError,
    corners,
    is_unicode,
)
from craftlite.data.files.folder import missing_files
from craftlite.data.files.lines import LARGEST
from craftlite.data.files.packed import LazySamples, Quads, Texts
from craftlite.data.sample import Sample, Word
from craftlite.errors import DatasetError

LAYOUTS = {"synthtext": ["gt.mat", "1/<name>.jpg ... 200/<name>.jpg"]}


def read_synthtext(root: Path, split: str, need_pictures: bool) -> Dataset:
    """Read SynthText: quads of words and characters; the split "train" is everything.

    Samples are made on demand, from arrays that processes share. They are in the order of the file,
    and their names are paths without suffix, such as "8/ballet_106_0".
    """
    path = root / "gt.mat"
    if not path.is_file():
        raise DatasetError(f"{path}: there is no such file")
    notes = IssueLog()
    table = _read_apart(root, path, notes)
    if table is None:
        return Dataset((), notes.problems)
    entries = _first_of_each(table.names, path, notes)
    if need_pictures:
        _all_there(root, [table.names[entry] for entry in entries])
    _note_flaws(table, path, notes)
    return Dataset(LazySamples(table.sample, entries), notes.problems)


@dataclass(frozen=True)
class _Table:
    """The file's four variables, with one entry per picture; its words are joined by spaces."""

    root: Path
    names: Texts
    texts: Texts
    words: Quads
    characters: Quads

    def sample(self, entry: int) -> Sample:
        """Return the picture of an entry; texts or characters of the wrong number are left out."""
        name, texts = self.names[entry], self.texts[entry].split()
        outlines, quads = self.words[entry], self.characters[entry]
        if len(texts) != len(outlines):
            words = tuple(Word(outline) for outline in outlines)
        elif sum(map(len, texts)) != len(quads):
            words = tuple(map(Word, outlines, texts))
        else:
            ends = np.cumsum([0, *map(len, texts)])
            words = tuple(
                Word(outlines[i], text, characters=quads[ends[i] : ends[i + 1]])
                for i, text in enumerate(texts)
            )
        return Sample(_stem(name), self.root / name, words)


def _read_apart(root: Path, path: Path, notes: IssueLog) -> _Table | None:
    """Read the table of the file in a separate process, or record that it cannot be read.

    On a damaged file, SciPy's reader may crash the process.
    """
    code = "from craftlite.data.readers.competitions import synthtext; synthtext.send()"
    command = [sys.executable, "-c", code, str(root), str(path)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        try:
            table, problems = pickle.load(child.stdout)
        except EOFError:
            table, problems = None, []
    notes.problems += problems
    if child.returncode:
        found = f"found data that crashes SciPy's reader (exit code {child.returncode})"
        notes.note(str(path), UNREADABLE, f"{found}, expected a file of MATLAB 5")
    return cast("_Table | None", table)


def send() -> None:
    """Run in the process started by `_read_apart`: write the table, or None, and its problems."""
    root, path = map(Path, sys.argv[1:])
    notes = IssueLog()
    table = None
    with notes.catching():
        table = _read(root, path, notes)
    pickle.dump((table, notes.problems), sys.stdout.buffer)


def _read(root: Path, path: Path, notes: IssueLog) -> _Table:
    names = Texts(_strings(path, "imnames", ""))
    # A text may hold several words and lines; only the order of the words matters.
    texts = Texts(" ".join(line.split()) for line in _strings(path, "txt", " "))
    words, characters = (_quads(path, name, notes) for name in ("wordBB", "charBB"))
    sizes = [len(names), len(texts), len(words.counts), len(characters.counts)]
    if len(set(sizes)) > 1:
        expected = "as many entries in imnames, txt, wordBB and charBB"
        raise UnreadableError(str(path), sizes, expected)
    return _Table(root, names, texts, words, characters)


def _variable(path: Path, name: str) -> npt.NDArray[Any]:
    """Return the cells of one variable, without loading the others."""
    from scipy.io import loadmat

    try:
        cells: npt.NDArray[Any] = loadmat(path, variable_names=[name])[name]
        return cells.astype(object).ravel()
    except KeyError as error:
        raise UnreadableError(f"{path}: {name}", "nothing", "a variable of that name") from error
    except Exception as error:  # SciPy raises undocumented errors for damaged files
        found = str(error) or type(error).__name__
        raise UnreadableError(str(path), found, "a file of MATLAB 5") from error


def _strings(path: Path, name: str, separator: str) -> Iterator[str]:
    """Yield the text of each cell of a variable, its parts joined."""
    for entry, cell in enumerate(_variable(path, name)):
        parts = np.ravel(cell).tolist()
        if not all(isinstance(part, str) and is_unicode(part) for part in parts):
            raise UnreadableError(f"{path}: {name}[{entry}]", parts, "a text")
        yield separator.join(parts)


def _quads(path: Path, name: str, notes: IssueLog) -> Quads:
    """Return the quads of a variable whose cells are (2, 4, K), or (2, 4) if K is 1."""
    cells = _variable(path, name)
    counts = []
    for entry, cell in enumerate(map(np.asarray, cells)):  # a sparse matrix becomes an object
        fits = cell.shape[:2] == (2, 4) and cell.dtype.kind in "iuf"
        counts.append(cell.size // 8 if fits else 0)
        if cell.size and not fits:
            found = f"found {cell.dtype} {cell.shape}, expected numbers (2, 4, K)"
            notes.note(f"{path}: {name}[{entry}]", UNREADABLE, found)
    quads = Quads(np.empty((sum(counts), 4, 2), np.float32), counts)
    for entry, cell in enumerate(cells):
        if counts[entry]:
            quads[entry][:] = cell.reshape(2, 4, -1).T
        cells[entry] = None  # frees it, so that no quad is in memory twice
    for quad in np.flatnonzero(~(abs(quads.all) < LARGEST).all(axis=(1, 2))).tolist():
        place = f"{path}: {name}[{quads.place(quad)[0]}]"
        notes.note(place, UNREADABLE, f"found {corners(quads.all[quad])}, expected pixels")
        quads.all[quad] = 0
    return quads


def _first_of_each(names: Texts, path: Path, notes: IssueLog) -> npt.NDArray[np.int64]:
    """Return the first entry of each picture; later ones are recorded as duplicates."""
    first: dict[str, int] = {}
    for entry, name in enumerate(names):
        if first.setdefault(_stem(name), entry) != entry:
            notes.note(f"{path}: imnames[{entry}]", DUPLICATE, name)
    return np.fromiter(first.values(), np.int64, len(first))


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def _all_there(root: Path, names: Sequence[str]) -> None:
    """Raise a DatasetError that names the first missing picture, if any.

    Each folder is listed only once: this takes seconds, checking every file takes minutes.
    """

    @lru_cache(maxsize=8)
    def files(folder: str) -> frozenset[str]:
        there = (root / folder).is_dir()
        return frozenset(path.name for path in (root / folder).iterdir()) if there else frozenset()

    parts = (name.rpartition("/") for name in names)
    missing = ["".join(part) for part in parts if part[2] not in files(part[0])]
    if missing:
        raise missing_files(root, missing)


def _note_flaws(table: _Table, path: Path, notes: IssueLog) -> None:
    counts = zip(table.words.counts, table.characters.counts, strict=True)
    for name, text, (outlines, boxes) in zip(table.names, table.texts, counts, strict=True):
        if len(text.split()) != outlines:
            notes.note(f"{path}: {name}", WORDS, f"{outlines} outlines of {text!r}")
        elif len(text.replace(" ", "")) != boxes:
            notes.note(f"{path}: {name}", CHARACTERS, f"{boxes} characters of {text!r}")
    words, characters = table.words, table.characters
    flaws = [(words, quad, ANTICLOCKWISE) for quad in words.turn_clockwise()]
    flaws += [(words, quad, what) for quad, what in words.invalid()]
    flaws += [(characters, quad, ANTICLOCKWISE) for quad in characters.turn_clockwise()]
    for quads, quad, what in flaws:
        entry, number = quads.place(quad)
        kind = "word" if quads is words else "character"
        found = f"{kind} {number} at {corners(quads.all[quad])}"
        notes.note(f"{path}: {table.names[entry]}", what, found)
