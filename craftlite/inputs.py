"""From the INPUT arguments of the command line to the ordered list of pictures that they mean."""

import glob
import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import BinaryIO, TypeAlias
from urllib.parse import urlsplit

from craftlite.errors import InputError
from craftlite.image.download import is_url, url_name

SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp"}
SUFFIXES |= {".avif", ".ico", ".jp2", ".j2k", ".pbm", ".pgm", ".pnm", ".ppm"}

_Found: TypeAlias = tuple[str | Path | BinaryIO, str, PurePath]


@dataclass(frozen=True)
class Input:
    """One picture to read.

    Attributes:
        source: what `read_image` takes.
        name: the picture as the user knows it: its path, its address without a password, or "-".
        target: the relative path without suffix that its results bear; no two inputs share one.
    """

    source: str | Path | BinaryIO
    name: str
    target: PurePath


def expand(
    arguments: Sequence[str], *, skip: Collection[Path] = ()
) -> tuple[list[Input], list[InputError]]:
    """The pictures that the arguments mean, in order and each once, and the errors of the rest.

    An argument is a file, a folder (all pictures in it, at any depth, sorted), a glob, an http(s)
    address or "-" for standard input. Whether a picture can be read is not looked at.

    Args:
        arguments: as typed.
        skip: folders in which no picture is looked for, such as those that hold drawn results.
    """
    inputs: dict[str, Input] = {}
    errors: list[InputError] = []
    skipped = {_absolute(folder) for folder in skip}
    unused = _distinct()
    for argument in arguments:
        if argument == "-":
            found: list[_Found] = [(sys.stdin.buffer, "-", PurePath("stdin"))]
        elif is_url(argument):
            found = [(argument, url_name(argument), PurePath(_last_part(argument)))]
        else:
            pairs = _on_disk(argument, skipped, errors)
            found = [(path, str(path), target) for path, target in pairs]
        for source, name, target in found:
            key = _absolute(source) if isinstance(source, Path) else argument
            if key not in inputs:
                inputs[key] = Input(source, name, unused(target))
    return list(inputs.values()), errors


def _absolute(path: Path) -> str:
    # Symbolic links stay: two names of one file are two pictures.
    return os.path.normpath(path.absolute())


def _last_part(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""  # what is wrong is said when it is read
    return PurePosixPath(parts.path).name or parts.hostname or ""


def _on_disk(
    argument: str, skipped: Collection[str], errors: list[InputError]
) -> list[tuple[Path, PurePath]]:
    """The files that an argument means, and where their results belong below --out."""
    pairs: list[tuple[Path, PurePath]]
    path = Path(argument)
    if not argument:
        complaint, pairs = "an empty argument names nothing; a dot is this folder", []
    elif _is_folder(path):
        files = list(_below(path, skipped, errors))
        pairs = [(file, file.relative_to(path)) for file in files]
        complaint = "the folder holds no picture"
    elif glob.has_magic(argument) and not os.path.lexists(argument):
        pairs = list(_matches(argument, skipped, errors))
        complaint = "no picture matches this pattern"
    else:
        return [(path, PurePath(path.name))]
    if not pairs:
        errors.append(InputError(f"{argument or repr(argument)}: {complaint}"))
    return pairs


def _is_folder(path: Path) -> bool:
    """Whether a path leads to a folder; one that the system cannot even look at does not."""
    return os.path.isdir(path)  # noqa: PTH112 (pathlib's raises some errors)


def _matches(
    pattern: str, skipped: Collection[str], errors: list[InputError]
) -> Iterator[tuple[Path, PurePath]]:
    depth = next(i for i, part in enumerate(Path(pattern).parts) if glob.has_magic(part))
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 (pathlib's wants a base)
    for match in map(Path, matches):
        for file in _below(match, skipped, errors) if _is_folder(match) else [match]:
            inside = any(_absolute(folder) in skipped for folder in file.parents)
            if file.suffix.lower() in SUFFIXES and not inside:
                yield file, PurePath(*(part for part in file.parts[depth:] if part != ".."))


def _below(folder: Path, skipped: Collection[str], errors: list[InputError]) -> Iterator[Path]:
    """Every picture in a folder and its subfolders; errors gets those that cannot be listed."""

    def complain(error: OSError) -> None:
        reason = f"the folder cannot be listed ({error.strerror})"
        errors.append(InputError(f"{error.filename}: {reason}"))

    for here, folders, files in os.walk(folder, onerror=complain):
        folders[:] = sorted(f for f in folders if _absolute(Path(here, f)) not in skipped)
        # Hidden files are the droppings of file managers ("._photo.jpg"), not pictures.
        for file in sorted(f for f in files if not f.startswith(".")):
            if Path(file).suffix.lower() in SUFFIXES:
                yield Path(here, file)


def _distinct() -> Callable[[PurePath], PurePath]:
    """A function that takes the suffix off a path, and numbers one that it has given before."""
    given: set[str] = set()

    def unused(path: PurePath) -> PurePath:
        stem = candidate = path.with_suffix("") if path.name.strip(".") else PurePath("picture")
        number = 1
        # Some file systems do not tell upper case from lower case.
        while str(candidate).casefold() in given:
            number += 1
            candidate = stem.with_name(f"{stem.name}-{number}")
        given.add(str(candidate).casefold())
        return candidate

    return unused
