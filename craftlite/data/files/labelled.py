"""Common parts of the layouts for the user's own data: splits, missing pictures, class names."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from PIL import ExifTags, Image

from craftlite.data.annotations import (
    CLASS,
    CLASSES,
    DUPLICATE,
    GIF,
    OTHER_FILE,
    OUTSIDE,
    PAGE,
    SIZE,
    TURNED,
    UNLABELLED,
    UNREADABLE,
    Annotation,
    Dataset,
    IssueLog,
    corners,
)
from craftlite.data.files.folder import is_gif, missing_files, natural_order, normal
from craftlite.data.files.tree import Tree
from craftlite.data.sample import Sample, Word
from craftlite.errors import DatasetError
from craftlite.formats.record import DONT_CARE
from craftlite.geometry import Points

IGNORED = ("ignore", DONT_CARE)  # classes of don't-care regions
CLASS_NAMES = frozenset(
    {"text", "word", "words", "line", "textline", "text_line", "text-line"}
    | {"region", "object", "polygon", "box"}
)
FEWEST_OF_A_CLASS = 5  # from so many words with the same label, it is not a transcription

T = TypeVar("T")


class LabelledWord(NamedTuple):
    """A word with the place of its label; `label` is the name of its class, or ""."""

    where: str
    annotation: Annotation
    label: str = ""


class Labelled(NamedTuple):
    """A picture of the user's own data, before its words are read.

    Attributes:
        where: the place of its label.
        name: its name in the label.
        picture: its file, or None if it does not exist.
        words: its words in the label, read on demand.
        split: the split in the label, or None.
        size: the picture's (width, height) in the label, or None.
    """

    where: str
    name: str
    picture: Path | None
    words: Iterable[LabelledWord]
    split: str | None = None
    size: tuple[int, int] | None = None

    @property
    def path(self) -> Path:
        """Path of the picture, whether or not it exists."""
        return self.picture or Path(self.name.replace("\\", "/"))


LabelReader = Callable[[Tree, IssueLog], Iterable[Labelled]]
"""Yields the pictures named by the labels below a folder, in the order of the files."""


class LabelledPicture(NamedTuple):
    """A picture of a split: its name, its file, and the words that could be read."""

    name: str
    path: Path
    words: list[LabelledWord]


def read_labelled(
    reader: LabelReader,
    root: Path,
    split: str,
    need_pictures: bool,
    *,
    report_strays: bool = True,
    labels_are_texts: bool = False,
) -> Dataset:
    """Read a split of the user's own data.

    If no label names a split, every split is the whole dataset. If some do, pictures without one
    belong to "train".

    Args:
        reader: the layout's reader of labels.
        root: the folder, or its file of labels.
        split: "train", "val" or "test".
        need_pictures: whether every picture must exist.
        report_strays: whether to report pictures without a label, and words outside the picture.
        labels_are_texts: whether the label of a word without a text is its transcription, unless
            it is one of CLASS_NAMES or the same for all words (FEWEST_OF_A_CLASS or more).

    Raises:
        DatasetError: the split has no pictures, or a picture is missing.
    """
    found, notes = read_pictures(reader, root, split, need_pictures, report_strays)
    everything = (word for picture in found for word in picture.words)
    classes = _check_classes(root, everything, labels_are_texts, notes)
    texts = classes if labels_are_texts else None
    samples = [
        Sample(name, path, tuple(_words(words, texts, notes))) for name, path, words in found
    ]
    return Dataset(samples, notes.problems)


def read_pictures(
    reader: LabelReader, root: Path, split: str, need_pictures: bool, report_strays: bool = True
) -> tuple[list[LabelledPicture], IssueLog]:
    """Read the pictures of a split and their labels; also return the problems so far.

    For arguments and errors, see `read_labelled`.
    """
    tree, notes = Tree(root), IssueLog()
    pictures = list(_distinct(reader(tree, notes), notes))
    if report_strays and tree.given is None:
        labelled = {one.picture for _, one in pictures}
        for path in tree.pictures:
            if path not in labelled:
                notes.note(str(path), UNLABELLED, path.name)
    chosen = sorted(_of_split(pictures, split), key=lambda pair: natural_order(pair[0]))
    if not chosen and not notes.problems:
        others = ", ".join(sorted({one.split or "train" for _, one in pictures})) or "none at all"
        raise DatasetError(f"{root}: no picture of the split {split!r}; found {others}")
    missing = [one for _, one in chosen if need_pictures and one.picture is None]
    if missing:
        raise missing_files(missing[0].where, [one.name for one in missing])
    found = []
    for name, one in chosen:
        if is_gif(one.path):
            notes.note(one.where, GIF, one.path.name)
            continue
        words = list(one.words)
        if one.picture is not None:
            size = _check_header(one, one.picture, notes)
            if size and report_strays:
                _check_inside(words, size, notes)
        found.append(LabelledPicture(name, one.picture or tree.root / one.path, words))
    return found, notes


def named_splits(reader: LabelReader, root: Path) -> set[str]:
    """Return the splits named by the labels; empty if every split is the whole dataset."""
    return {one.split for one in reader(Tree(root), IssueLog()) if one.split}


def label_files(
    tree: Tree,
    suffix: str,
    load: Callable[[Path], T],
    fits: Callable[[Path, T], bool],
    notes: IssueLog,
) -> Iterator[tuple[Path, T]]:
    """Yield the files of labels below a folder with their content; other files are recorded.

    Raises:
        DatasetError: there are no such files.
    """
    files = tree.labels(suffix)
    fitting = 0
    for file in files:
        with notes.catching():
            content = load(file)
            if fits(file, content):
                fitting += 1
                yield file, content
            else:
                notes.note(str(file), OTHER_FILE, file.name)
    if not fitting and not any(problem.what == UNREADABLE for problem in notes.problems):
        seen = f"; looked at {', '.join(file.name for file in files[:3])}" if files else ""
        raise DatasetError(f"{tree.given or tree.root}: there is no such {suffix} file{seen}")


def each_word(
    entries: Iterable[tuple[str, T]],
    parse: Callable[[T, str], LabelledWord | None],
    notes: IssueLog,
) -> Iterator[LabelledWord]:
    """Yield the words of entries; entries that cannot be read are recorded as problems."""
    for where, entry in entries:
        with notes.catching():
            if (word := parse(entry, where)) is not None:
                yield word


def labelled_word(
    where: str, outline: Points, text: str | None = None, label: str = "", ignore: bool = False
) -> LabelledWord:
    """Return the word of a label; an empty text is unknown, and `###` is don't care."""
    text = (text or "").strip() or None
    hidden = ignore or text == DONT_CARE or label.strip().lower() in IGNORED
    return LabelledWord(where, Annotation(outline, text, ignore=hidden), label.strip())


def is_part(entry: dict[str, Any], where: str, notes: IssueLog) -> bool:
    """Return whether an entry is a page or a video frame; it is recorded, and is left out."""
    parts = [f"{key} {entry[key]}" for key in ("page", "time") if entry.get(key) not in (None, "")]
    if parts:
        notes.note(where, PAGE, ", ".join(parts))
    return bool(parts)


def is_turned(picture: Path) -> bool:
    """Return whether the picture's EXIF tag, read from its header, asks for a rotation.

    `craftlite detect` applies that rotation; training uses the picture as stored.
    """
    return _header(picture)[1]


def _header(picture: Path) -> tuple[tuple[int, int] | None, bool]:
    """Return a picture's stored size, and whether EXIF asks for a rotation."""
    try:
        with Image.open(picture) as image:
            return image.size, bool(image.getexif().get(ExifTags.Base.Orientation, 1) != 1)
    except Exception:  # a damaged picture is reported when its pixels are read
        return None, False


def _check_header(one: Labelled, picture: Path, notes: IssueLog) -> tuple[int, int] | None:
    """Return the picture's size, or None; record an EXIF rotation or a size unlike the label's."""
    size, turned = _header(picture)
    if turned:
        notes.note(one.where, TURNED, picture.name)
    elif size and one.size and size != one.size:
        found = f"{picture.name}: {one.size[0]}x{one.size[1]}, is {size[0]}x{size[1]}"
        notes.note(one.where, SIZE, found)
    return None if turned else size


def _check_inside(words: Iterable[LabelledWord], size: tuple[int, int], notes: IssueLog) -> None:
    """Record the words that lie entirely outside their picture."""
    for where, (outline, *_), _ in words:
        if (outline.max(axis=0) < 0).any() or (outline.min(axis=0) > size).any():
            notes.note(where, OUTSIDE, corners(outline))


def _distinct(pictures: Iterable[Labelled], notes: IssueLog) -> Iterator[tuple[str, Labelled]]:
    """Yield each picture once with its name: its stem, or its path if the stem is taken."""
    place_of: dict[str, str] = {}
    names: set[str] = set()
    for one in pictures:
        path = one.path.with_suffix("").as_posix()
        if place_of.setdefault(normal(path), one.where) != one.where:
            notes.note(one.where, DUPLICATE, f"{one.path.name}, also {place_of[normal(path)]}")
            continue
        name = path if normal(one.path.stem) in names else one.path.stem
        names.add(normal(name))
        yield name, one


def _of_split(
    pictures: Sequence[tuple[str, Labelled]], split: str
) -> Sequence[tuple[str, Labelled]]:
    if not any(one.split for _, one in pictures):
        return pictures
    return [(name, one) for name, one in pictures if (one.split or "train") == split]


def _check_classes(
    root: Path, words: Iterable[LabelledWord], labels_are_texts: bool, notes: IssueLog
) -> frozenset[str]:
    """Return the labels that are class names, in lower case."""
    counts = Counter(w.label for w in words if w.label and not w.annotation.ignore)
    if labels_are_texts and len(counts) == 1:
        [(label, count)] = counts.items()
        if count >= FEWEST_OF_A_CLASS and label.lower() not in CLASS_NAMES:
            notes.note(str(root), CLASS, f"{label!r}, of {count} words")
            return CLASS_NAMES | {label.lower()}
    elif len(counts) > 1 and not labels_are_texts:
        notes.note(str(root), CLASSES, ", ".join(sorted(counts)))
    return CLASS_NAMES


def _words(
    words: Iterable[LabelledWord], classes: frozenset[str] | None, notes: IssueLog
) -> Iterator[Word]:
    """Yield the words; if `classes` is given, a label that is not among them is a text."""
    for where, annotation, label in words:
        with notes.catching():
            if classes is not None and annotation.text is None and label.lower() not in classes:
                annotation = annotation._replace(text=label or None)
            yield notes.word(where, annotation)
