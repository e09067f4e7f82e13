"""What all layouts for one's own data share: splits, pictures that are missing, and class names."""

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
FEWEST_OF_A_CLASS = 5  # words with one and the same label, from which it is no transcription

T = TypeVar("T")


class LabelledWord(NamedTuple):
    """A word of a label with its place; `label` is the name of its class, "" without one."""

    where: str
    annotation: Annotation
    label: str = ""


class Labelled(NamedTuple):
    """A picture of one's own data, before its words are read.

    Attributes:
        where: the place of its label.
        name: what the label calls it.
        picture: its file, or None where there is none.
        words: what the label says of them, read when they are asked for.
        split: that the label names, or None.
        size: (width, height) that the label says the picture has, or None.
    """

    where: str
    name: str
    picture: Path | None
    words: Iterable[LabelledWord]
    split: str | None = None
    size: tuple[int, int] | None = None

    @property
    def path(self) -> Path:
        """Where the picture is, or would be."""
        return self.picture or Path(self.name.replace("\\", "/"))


LabelReader = Callable[[Tree, IssueLog], Iterable[Labelled]]
"""The pictures that the labels below a folder name, in the order of the files."""


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
    """A split of one's own data.

    Where no label names a split, every split is the whole; where some do, a picture without one is
    part of "train".

    Args:
        reader: of the layout.
        root: the folder, or its file of labels.
        split: "train", "val" or "test".
        need_pictures: whether every picture must be there.
        report_strays: whether pictures that no label names, and words outside of theirs, are noted.
        labels_are_texts: whether the label of a word without a text is its transcription, unless
            it is one of CLASS_NAMES or the same for all of FEWEST_OF_A_CLASS words or more.

    Raises:
        DatasetError: no picture is of the split, or one is missing.
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
    """The pictures of a split with what their labels say, and the problems so far.

    Args and errors are those of `read_labelled`.
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
    """The splits that labels name; none where each is the whole."""
    return {one.split for one in reader(Tree(root), IssueLog()) if one.split}


def label_files(
    tree: Tree,
    suffix: str,
    load: Callable[[Path], T],
    fits: Callable[[Path, T], bool],
    notes: IssueLog,
) -> Iterator[tuple[Path, T]]:
    """The files of labels below a folder with what they hold; those that hold others are noted.

    Raises:
        DatasetError: there are none.
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
    """The words of entries with their places; one that cannot be read is noted."""
    for where, entry in entries:
        with notes.catching():
            if (word := parse(entry, where)) is not None:
                yield word


def labelled_word(
    where: str, outline: Points, text: str | None = None, label: str = "", ignore: bool = False
) -> LabelledWord:
    """A word of which a label says so much; an empty text is unknown, `###` is don't care."""
    text = (text or "").strip() or None
    hidden = ignore or text == DONT_CARE or label.strip().lower() in IGNORED
    return LabelledWord(where, Annotation(outline, text, ignore=hidden), label.strip())


def is_part(entry: dict[str, Any], where: str, notes: IssueLog) -> bool:
    """Whether an entry is of a page or a time, which is noted: such pictures are left out."""
    parts = [f"{key} {entry[key]}" for key in ("page", "time") if entry.get(key) not in (None, "")]
    if parts:
        notes.note(where, PAGE, ", ".join(parts))
    return bool(parts)


def is_turned(picture: Path) -> bool:
    """Whether the picture's EXIF tag, read from its header, asks to turn it.

    `craftlite detect` turns such a picture; training takes it as it is stored.
    """
    return _header(picture)[1]


def _header(picture: Path) -> tuple[tuple[int, int] | None, bool]:
    """A picture's size as it is stored, and whether EXIF asks to turn it."""
    try:
        with Image.open(picture) as image:
            return image.size, bool(image.getexif().get(ExifTags.Base.Orientation, 1) != 1)
    except Exception:  # a damaged picture is reported when its pixels are read
        return None, False


def _check_header(one: Labelled, picture: Path, notes: IssueLog) -> tuple[int, int] | None:
    """The picture's size; notes where that is not what the label says, or EXIF turns it."""
    size, turned = _header(picture)
    if turned:
        notes.note(one.where, TURNED, picture.name)
    elif size and one.size and size != one.size:
        found = f"{picture.name}: {one.size[0]}x{one.size[1]}, is {size[0]}x{size[1]}"
        notes.note(one.where, SIZE, found)
    return None if turned else size


def _check_inside(words: Iterable[LabelledWord], size: tuple[int, int], notes: IssueLog) -> None:
    """Notes the words that are wholly outside of their picture."""
    for where, (outline, *_), _ in words:
        if (outline.max(axis=0) < 0).any() or (outline.min(axis=0) > size).any():
            notes.note(where, OUTSIDE, corners(outline))


def _distinct(pictures: Iterable[Labelled], notes: IssueLog) -> Iterator[tuple[str, Labelled]]:
    """The pictures, each once, by their stems; of a stem that is there twice, by their paths."""
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
    """The labels that are names of classes, in lower case."""
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
    """The words; where there are `classes`, a label that is none of them is a text."""
    for where, annotation, label in words:
        with notes.catching():
            if classes is not None and annotation.text is None and label.lower() not in classes:
                annotation = annotation._replace(text=label or None)
            yield notes.word(where, annotation)
