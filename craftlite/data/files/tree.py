"""The files below a folder of the user's own data: labels, and the pictures that they name."""

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
    """The files below a folder, or below the folder of a given file of labels.

    Raises:
        DatasetError: the file or folder does not exist.
    """

    def __init__(self, root: Path) -> None:
        if not root.exists():
            raise DatasetError(f"{root}: there is no such file or folder")
        self.given = root if root.is_file() else None
        self.root = root.parent if self.given else root

    @cached_property
    def files(self) -> list[Path]:
        """All files, sorted by path, without hidden files and folders."""
        found: list[Path] = []
        seen: set[str] = set()
        for folder, folders, names in os.walk(self.root, followlinks=True):
            real = os.path.realpath(folder)
            if real in seen:  # a link to a folder that was already visited
                folders.clear()
                continue
            seen.add(real)
            folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
            found += [Path(folder, name) for name in names if not name.startswith(".")]
        return sorted(found)

    @cached_property
    def pictures(self) -> list[Path]:
        """The files named as pictures, including GIFs."""
        return [path for path in self.files if path.suffix.lower() in LISTED_SUFFIXES]

    def labels(self, *suffixes: str) -> list[Path]:
        """Return the file that was given, or all files with one of the suffixes."""
        if self.given:
            return [self.given]
        return [path for path in self.files if path.suffix.lower() in suffixes]

    def find(self, name: str, where: str, beside: Path, *bases: Path) -> Path | None:
        r"""Return the picture that a label at `where` calls `name`, or None if there is none.

        These places are searched in order: `beside`, `bases`, the folders from `beside` up to the
        root, and the root's `images`; the folders above the root, and, if a file of labels was
        given, `images` in the next one; anywhere below the root, by base name. A name without a
        picture's suffix matches any suffix. Backslashes are taken for Windows path separators.
        Composed and decomposed letters are equal.

        Raises:
            UnreadableError: the name is empty, or two pictures match equally well.
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
        """The pictures by name with and without suffix, and by path without suffix."""
        found: dict[str, list[Path]] = defaultdict(list)
        for path in self.pictures:
            stem = path.with_suffix("")
            for key in (path.name, stem.name, str(stem)):
                found[normal(key)].append(path)
        return found

    def split_of(self, file: Path, *, by_name: bool) -> str | None:
        """Return the split named by a file's folders below the root, e.g. `valid` or `train2017`.

        by_name: whether the file's own name counts too, and first, as in `instances_val.json`.
        """
        if by_name and (split := _split_named(re.findall("[a-z]+", file.stem.lower()))):
            return split
        folders = file.relative_to(self.root).parts[:-1]
        return _split_named([folder.lower().rstrip("0123456789") for folder in folders])


def existing(path: Path) -> Path | None:
    """Return the file of that path, in either Unicode form of its name, or None if missing."""
    if not path.name:
        return None
    names = dict.fromkeys((path.name, *(normalize(form, path.name) for form in ("NFC", "NFD"))))
    # Unlike os.path.isfile, Path.is_file raises an error if a name is too long.
    found = (path.with_name(name) for name in names if os.path.isfile(path.with_name(name)))  # noqa: PTH113
    return next(found, None)


def split_named(name: str) -> str | None:
    """Return the split of a name such as "Validation", or None if it is not a split."""
    return _SPLITS.get(name.strip().lower())


def _split_named(words: list[str]) -> str | None:
    """Return the split among the words, or None unless there is exactly one."""
    found = {_SPLITS[word] for word in words if word in _SPLITS}
    return found.pop() if len(found) == 1 else None
