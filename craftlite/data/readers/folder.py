"""A folder of pictures beside a folder of ground truth, `<stem>.jpg` beside `gt_<stem>.txt`."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from shapely import Polygon

from craftlite.data.readers.lines import LineParser, text_lines
from craftlite.data.sample import Sample, Word
from craftlite.errors import DatasetError

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Dataset:
    """One split of a dataset.

    Attributes:
        samples: the pictures with their words, sorted by the numbers in their names; a sample's
            name is its picture's without the suffix, such as "img_1".
        problems: what is odd in the ground truth but was kept, one sentence a word.
    """

    samples: list[Sample]
    problems: list[str]


def check_split(dataset: str, split: str, known: Collection[str] = SPLITS) -> None:
    """Raises a DatasetError that lists the known splits where `split` is none of them."""
    if split not in known:
        raise DatasetError(f"{dataset} has no split {split!r}; it has {', '.join(known)}")


def read_folder(
    pictures: Path,
    truths: Path,
    parse: LineParser,
    *,
    layout: str,
    keep: Callable[[str], bool] = lambda stem: True,
    need_pictures: bool = True,
) -> Dataset:
    """The pictures whose stem is kept, each with the words of its ground-truth file.

    Args:
        pictures: folder of `<stem>.<suffix>`.
        truths: folder of `gt_<stem>.txt`.
        parse: turns one line of ground truth into a word.
        layout: one sentence on the expected files, for error messages.
        keep: which stems belong to the split.
        need_pictures: False where the ground truth alone is enough.

    Raises:
        DatasetError: a folder or one file of a pair is missing, nothing is kept, or a line cannot
            be read.
    """
    truth_of = {
        path.stem[3:]: path
        for path in _files(truths, layout)
        if path.name.startswith("gt_") and path.suffix == ".txt" and keep(path.stem[3:])
    }
    picture_of: dict[str, Path] = {}
    if need_pictures or pictures.is_dir():
        picture_of = {
            path.stem: path
            for path in _files(pictures, layout)
            if path.suffix.lower() in PICTURE_SUFFIXES and keep(path.stem)
        }
    if need_pictures:
        _all_there(truth_of.keys() - picture_of, pictures, "{}.jpg (or .png, ...)", layout)
        _all_there(picture_of.keys() - truth_of, truths, "gt_{}.txt", layout)
    if not truth_of:
        raise DatasetError(f"{truths}: no ground truth of this split there; {layout}")

    samples, problems = [], []
    for stem in sorted(truth_of, key=natural_order):
        words, odd = _read_words(truth_of[stem], parse)
        samples.append(Sample(stem, picture_of.get(stem, pictures / f"{stem}.jpg"), words))
        problems += odd
    return Dataset(samples, problems)


def natural_order(name: str) -> list[tuple[int, str]]:
    """A sorting key that puts img_2 before img_10."""
    return [(int(number or 0), text) for text, number in re.findall(r"(\D*)(\d*)", name)]


def _files(folder: Path, layout: str) -> list[Path]:
    if not folder.is_dir():
        raise DatasetError(f"{folder}: there is no such folder; {layout}")
    return list(folder.iterdir())


def _all_there(missing: Iterable[str], folder: Path, pattern: str, layout: str) -> None:
    stems = sorted(missing, key=natural_order)
    if stems:
        more = f" and {len(stems) - 1} more" if len(stems) > 1 else ""
        raise DatasetError(f"{folder}: {pattern.format(stems[0])}{more} missing; {layout}")


def _read_words(path: Path, parse: LineParser) -> tuple[tuple[Word, ...], list[str]]:
    words, problems = [], []
    for where, line in text_lines(path.read_bytes(), str(path)):
        try:
            word = parse(line)
        except ValueError as error:
            raise DatasetError(f"{where}: found {line!r}, expected {error}") from error
        if not Polygon(word.polygon).is_valid:
            problems.append(f"{where}: the corners cross or enclose no area: {line!r}")
        words.append(word)
    return tuple(words), problems
