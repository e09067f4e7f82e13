"""The files below a folder of one's own data: its labels, and the pictures that labels name."""

import os
import re
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from unicodedata import normalize

from craftlite.data.annotations import UnreadableError
from craftlite.data.files.folder import LISTED_SUFFIXES, normal
from craftlite.errors import DatasetError

_SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


class Tree:
    """The files below a folder; where a file of labels is given instead, below the folder of that.

    Raises:
        DatasetError: there is neither a file nor a folder of that name.
    """

    def __init__(self, root: Path) -> None:
        if not root.exists():
            raise DatasetError(f"{root}: there is no such file or folder")
        self.given = root if root.is_file() else None
        self.root = root.parent if self.given else root

    @cached_property
    def files(self) -> list[Path]:
        """All files, sorted by path, without hidden ones and those in hidden folders."""
        found: list[Path] = []
        seen: set[str] = set()
        for folder, folders, names in os.walk(self.root, followlinks=True):
            real = os.path.realpath(folder)
            if real in seen:  # a link to a folder further up
                folders.clear()
                continue
            seen.add(real)
            folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
            found += [Path(folder, name) for name in names if not name.startswith(".")]
        return sorted(found)

    @cached_property
    def pictures(self) -> list[Path]:
        """The files that are named as pictures, GIFs among them."""
        return [path for path in self.files if path.suffix.lower() in LISTED_SUFFIXES]

    def labels(self, *suffixes: str) -> list[Path]:
        """The file that was given, or all files with one of the suffixes."""
        if self.given:
            return [self.given]
        return [path for path in self.files if path.suffix.lower() in suffixes]

    def find(self, name: str, where: str, beside: Path, *bases: Path) -> Path | None:
        r"""The picture that a label at `where` calls `name`, or None where there is none.

        It is looked for below `beside`, the bases, the folders from `beside` up to the root and the
        root's `images`; then below the folders above the root, of which the next one's `images`
        counts where a file of labels was given; then by its base name anywhere below the root. A
        name without a picture's suffix stands for any. Backslashes are those of a Windows path;
        composed and decomposed letters are the same.

        Raises:
            UnreadableError: the name is empty, or two pictures are meant equally.
        """
        path = name.replace("\\", "/")
        last = path.rpartition("/")[2]
        if last in ("", ".", ".."):
            raise UnreadableError(where, name, "the path of a picture")
        inside = [folder for folder in beside.parents if folder.is_relative_to(self.root)]
        above = list(self.root.absolute().parents)
        beyond = [folder / "images" for folder in above[:1] if self.given]
        folders = [beside, *bases, *inside, self.root, self.root / "images", *above, *beyond]
        forms = dict.fromkeys((name, path))
        tried = (Path(os.path.normpath(base / form)) for base in folders for form in forms)
        places = list(dict.fromkeys(tried))
        for place in places:
            if (file := existing(place)) is not None:
                return file
        for key in (*map(str, places), last):
            found = self._pictures_of.get(normal(key), [])
            if len(found) > 1:
                both = " and ".join(map(str, found[:2]))
                raise UnreadableError(where, name, f"one picture, but there are {both}")
            if found:
                return found[0]
        return None

    @cached_property
    def _pictures_of(self) -> dict[str, list[Path]]:
        """The pictures by their names, with and without suffix, and by their paths without."""
        found: dict[str, list[Path]] = defaultdict(list)
        for path in self.pictures:
            stem = path.with_suffix("")
            for key in (path.name, stem.name, str(stem)):
                found[normal(key)].append(path)
        return found

    def split_of(self, file: Path, *, by_name: bool) -> str | None:
        """The split that the folders of a file below the root name, such as `valid` or `train2017`.

        by_name: whether its own name counts too, and before them, as that of `instances_val.json`.
        """
        if by_name and (split := _split_named(re.findall("[a-z]+", file.stem.lower()))):
            return split
        folders = file.relative_to(self.root).parts[:-1]
        return _split_named([folder.lower().rstrip("0123456789") for folder in folders])


def existing(path: Path) -> Path | None:
    """The file of that path, its name's accents composed or not, or None where there is none."""
    if not path.name:
        return None
    names = dict.fromkeys((path.name, *(normalize(form, path.name) for form in ("NFC", "NFD"))))
    # Path.is_file raises where a name is too long.
    found = (path.with_name(name) for name in names if os.path.isfile(path.with_name(name)))  # noqa: PTH113
    return next(found, None)


def split_named(name: str) -> str | None:
    """The split of a name such as "Validation", or None where it is none's."""
    return _SPLITS.get(name.strip().lower())


def _split_named(words: list[str]) -> str | None:
    """The one split that is among the words."""
    found = {_SPLITS[word] for word in words if word in _SPLITS}
    return found.pop() if len(found) == 1 else None
