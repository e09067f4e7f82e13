"""Folders of pictures with one file of ground truth for each picture."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from craftlite.data.annotations import DUPLICATE, GIF, Dataset, IssueLog
from craftlite.data.files.lines import Placed
from craftlite.data.sample import Sample, Word
from craftlite.errors import DatasetError

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
# GIFs are listed too, so that messages can name them.
LISTED_SUFFIXES = PICTURE_SUFFIXES | {".gif"}

TruthReader = Callable[[Path, IssueLog], Iterable[Placed]]
"""Yields the annotations in a file of ground truth; UnreadableError applies to the whole file."""


def read_folder(
    pictures: Sequence[Path],
    truths: Path,
    read: TruthReader,
    need_pictures: bool,
    *,
    truth_names: Sequence[str] = ("gt_{}.txt",),
    keep: Callable[[str], bool] = lambda stem: True,
) -> Dataset:
    """Read the pictures whose stem is kept, each with the words of its ground-truth file.

    Args:
        pictures: folders of `<stem>.<suffix>`; those that exist are searched in this order.
        truths: folder of the ground truth.
        read: reads one file of ground truth.
        need_pictures: whether the pictures must exist.
        truth_names: name patterns of its files, {} standing for the stem; the first one is used if
            a stem has several.
        keep: whether a stem belongs to the split.

    Raises:
        DatasetError: the folder of the ground truth or all folders of pictures are missing, a
            picture has no ground truth or the reverse, or nothing is kept.
    """
    notes = IssueLog()
    truth_of = _by_stem(_truths(truths, truth_names, keep), notes)
    words_of: dict[str, list[Word]] = {}
    for stem in sorted(truth_of, key=natural_order):
        words_of[stem] = []
        with notes.catching():
            for where, annotation in read(truth_of[stem], notes):
                with notes.catching():
                    words_of[stem].append(notes.word(where, annotation))
    return make_dataset(words_of, pictures, notes, need_pictures, keep, truths / truth_names[0])


def make_dataset(
    words_of: Mapping[str, Sequence[Word]],
    folders: Sequence[Path],
    notes: IssueLog,
    need_pictures: bool,
    keep: Callable[[str], bool] | None = None,
    truth: Path | None = None,
) -> Dataset:
    """Pair every entry in `words_of` with the picture of that stem; GIFs are left out.

    If pictures are not needed, a missing one gets the path that it would have. If `keep` is given,
    every picture whose stem is kept needs an entry; messages name the missing file by the pattern
    `truth`, {} standing for the stem.

    Raises:
        DatasetError: a picture or an entry is missing, or there is no entry and no problem.
    """
    named: dict[str, Sequence[Word]] = {}
    for stem, words in words_of.items():
        if named.setdefault(normal(stem), words) is not words:
            notes.note(str(folders[0]), DUPLICATE, stem)
    picture_of = _find_pictures(folders, keep or named.__contains__, notes, need_pictures)
    if need_pictures:
        if truth:
            lacking = [path for stem, path in picture_of.items() if stem not in named]
            _check_truths(lacking, truth)
        if lonely := sorted(named.keys() - picture_of, key=natural_order):
            where = ", ".join(map(str, folders))
            error = missing_files(where, [f"{stem}.jpg (or .png, ...)" for stem in lonely])
            raise DatasetError(f"{error}; add it, or remove its ground truth")
    if not named and not notes.problems:
        other = _misnamed(truth) if truth else ""
        raise DatasetError(f"{folders[0]}: no ground truth for this split{other}")
    samples = []
    for stem in sorted(named, key=natural_order):
        path = picture_of.get(stem, folders[0] / f"{stem}.jpg")
        if is_gif(path):
            notes.note(str(path), GIF, path.name)
        else:
            samples.append(Sample(stem, path, tuple(named[stem])))
    return Dataset(samples, notes.problems)


def is_gif(path: Path) -> bool:
    """Return whether a picture is named as a GIF, whose words could be on any of its frames."""
    return path.suffix.lower() == ".gif"


def normal(name: str) -> str:
    """Normalise the accents of a name to NFC for comparison; file systems use either form."""
    return unicodedata.normalize("NFC", name)


def natural_order(name: str) -> list[tuple[int, str, str]]:
    """Return a sorting key that puts img_2 before img_10."""
    parts = re.findall(r"(\D*)0*(\d*)", name)
    # Compares numbers by length first, since Python limits the digits that int() converts.
    return [(len(number), number, text) for text, number in parts]


def missing_files(where: object, missing: Sequence[str]) -> DatasetError:
    """Return the error for missing files, which names the first of them."""
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return DatasetError(f"{where}: {missing[0]}{more} missing")


def _find_pictures(
    folders: Sequence[Path], keep: Callable[[str], bool], notes: IssueLog, needed: bool
) -> dict[str, Path]:
    """Return the pictures in the existing folders by stem; duplicate stems are recorded."""
    there = [folder for folder in folders if folder.is_dir()]
    if needed and not there:
        raise _no_folder(folders[0])
    listed = (path for folder in there for path in sorted(folder.iterdir()))
    found = [path for path in listed if path.suffix.lower() in LISTED_SUFFIXES]
    found.sort(key=is_gif)  # stable: a readable picture of the same name comes first
    stems = ((normal(path.stem), path) for path in found)
    return _by_stem(((stem, path) for stem, path in stems if keep(stem)), notes)


def _truths(
    folder: Path, names: Sequence[str], keep: Callable[[str], bool]
) -> Iterator[tuple[str, Path]]:
    if not folder.is_dir():
        raise _no_folder(folder)
    files = sorted(folder.iterdir())
    for name in names:
        start, end = name.split("{}")
        for path in files:
            stem = path.name.removeprefix(start).removesuffix(end)
            if path.name == name.format(stem) and keep(normal(stem)):
                yield normal(stem), path


def _by_stem(files: Iterable[tuple[str, Path]], notes: IssueLog) -> dict[str, Path]:
    first: dict[str, Path] = {}
    for stem, path in files:
        if first.setdefault(stem, path) != path:
            notes.note(str(path), DUPLICATE, f"{stem}, also {first[stem]}")
    return first


def _check_truths(pictures: Sequence[Path], truth: Path) -> None:
    """Raise a DatasetError for `pictures`, if any, which lack a file `truth` of their stem."""
    if not pictures:
        return
    first = min(pictures, key=lambda path: natural_order(path.stem))
    more = f" (and {len(pictures) - 1} more pictures have none)" if len(pictures) > 1 else ""
    raise DatasetError(
        f"{first} has no {truth.parent / truth.name.format(first.stem)}{more}; "
        f"a picture without words needs an empty file{_misnamed(truth, first.stem)}"
    )


def _misnamed(truth: Path, stem: str = "<stem>") -> str:
    """Return a hint for a message if a file next to `truth` may be meant for the stem."""
    start, end = truth.name.split("{}")
    named = rf"(^|[\W_]){re.escape(normal(stem))}([\W_]|$)" if stem != "<stem>" else ""
    for path in sorted(truth.parent.iterdir()):
        fits = path.name.startswith(start) and path.name.endswith(end)
        other = fits or path.suffix.lower() in LISTED_SUFFIXES or path.name.startswith(".")
        if not other and re.search(named, normal(path.name)):
            return f"; should {path.name} in that folder be called {start}{stem}{end}?"
    return ""


def _no_folder(folder: Path) -> DatasetError:
    return DatasetError(f"{folder}: there is no such folder")
