"""Expansion of the command line's INPUT arguments to an ordered list of pictures."""

import codecs
import glob
import os
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePath, PurePosixPath
from typing import BinaryIO, TypeAlias
from urllib.parse import urlsplit

from craftlite.errors import InputError
from craftlite.image.download import is_url, url_name

SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp"}
SUFFIXES |= {".avif", ".ico", ".jp2", ".j2k", ".pbm", ".pgm", ".pnm", ".ppm"}
# Suffixes that are read if a package is installed.
_PACKAGES = dict.fromkeys((".heic", ".heif", ".hif"), "pillow-heif") | {".pdf": "pypdfium2"}
SUFFIXES |= {
    suffix for suffix, package in _PACKAGES.items() if find_spec(package.replace("-", "_"))
}

_KINDS = 10  # at most this many kinds of skipped files are named

_Found: TypeAlias = tuple[str | Path | BinaryIO, str, PurePath]


@dataclass(frozen=True)
class Input:
    """One picture to read.

    Attributes:
        source: the source for `read_image`.
        name: the picture's name for the user: its path, its URL without a password, or "-".
        target: the relative path, without suffix, of its results; unique among the inputs.
    """

    source: str | Path | BinaryIO
    name: str
    target: PurePath


def expand(
    arguments: Sequence[str], *, skip: Collection[Path] = (), unread: set[str] | None = None
) -> tuple[list[Input], list[InputError]]:
    """Return the pictures that the arguments name, in order without duplicates, and the errors.

    An argument is a file, a folder (all pictures in it, at any depth, sorted), a glob, an http(s)
    URL, "-" for standard input or "@FILE" for a text file with one argument per line. Pictures are
    not opened, so an input may still turn out to be unreadable.

    Args:
        arguments: the arguments as typed.
        skip: folders that are not searched for pictures, such as those of drawn results.
        unread: the paths of files in folders that are not pictures are added to this set.
    """
    unread = set() if unread is None else unread
    inputs: dict[str, Input] = {}
    errors: list[InputError] = []
    skipped = {_absolute(folder) for folder in skip}
    unused = distinct_stems()
    for argument in _with_lists(arguments, errors):
        if argument == "-":
            found: list[_Found] = [(sys.stdin.buffer, "-", PurePath("stdin"))]
        elif is_url(argument):
            found = [(argument, url_name(argument), PurePath(_last_part(argument)))]
        else:
            pairs = _on_disk(argument, skipped, errors, unread)
            found = [(path, str(path), target) for path, target in pairs]
        for source, name, target in found:
            key = _absolute(source) if isinstance(source, Path) else argument
            if key not in inputs:
                inputs[key] = Input(source, name, unused(target))
    return list(inputs.values()), errors


def unread_line(unread: Collection[str]) -> str:
    """Return a line that counts skipped files by kind, and names packages that would read them."""
    counts = Counter(PurePath(path).suffix.lower() for path in unread)
    kinds = sorted(counts.items(), key=lambda kind: (-kind[1], kind[0]))
    named = [f"{count} {suffix or 'without a suffix'}" for suffix, count in kinds[:_KINDS]]
    if others := sum(count for _, count in kinds[_KINDS:]):
        named.append(f"{others} of other kinds")
    packages = sorted({_PACKAGES[suffix] for suffix in counts if suffix in _PACKAGES})
    advice = f" (pip install {' '.join(packages)})" if packages else ""
    return f"skipped: {', '.join(named)}{advice}"


def _with_lists(arguments: Sequence[str], errors: list[InputError]) -> Iterator[str]:
    """Yield the arguments, replacing each @FILE by the lines of FILE, unless a file is so named."""
    for argument in arguments:
        if not argument.startswith("@") or os.path.lexists(argument):
            yield argument
            continue
        try:
            lines = Path(argument[1:]).read_bytes().removeprefix(codecs.BOM_UTF8).splitlines()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            errors.append(InputError(f"{argument[1:]}: the list cannot be read ({reason})"))
            continue
        if not any(map(bytes.strip, lines)):
            errors.append(InputError(f"{argument[1:]}: the list is empty"))
        yield from (os.fsdecode(line) for line in lines if line.strip())


def _absolute(path: Path) -> str:
    # Symbolic links are not resolved: two names of one file are two pictures.
    return os.path.normpath(path.absolute())


def _last_part(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""  # the error is reported when the URL is read
    return PurePosixPath(parts.path).name or parts.hostname or ""


def _on_disk(
    argument: str, skipped: Collection[str], errors: list[InputError], unread: set[str]
) -> list[tuple[Path, PurePath]]:
    """Return the files that an argument names, with the places of their results below --out."""
    pairs: list[tuple[Path, PurePath]]
    path = Path(argument)
    if not argument:
        complaint, pairs = "an empty argument names nothing; use . for the current folder", []
    elif _is_folder(path):
        files = list(_below(path, skipped, errors, unread))
        pairs = [(file, file.relative_to(path)) for file in files]
        complaint = "the folder holds no picture"
    elif glob.has_magic(argument) and not os.path.lexists(argument):
        pairs = list(_matches(argument, skipped, errors, unread))
        complaint = "no picture matches this pattern"
    else:
        return [(path, PurePath(path.name))]
    if not pairs:
        errors.append(InputError(f"{argument or repr(argument)}: {complaint}"))
    return pairs


def _is_folder(path: Path) -> bool:
    """Return whether a path is a folder; False for a path that the system cannot examine."""
    return os.path.isdir(path)  # noqa: PTH112 (pathlib's raises some errors)


def _matches(
    pattern: str, skipped: Collection[str], errors: list[InputError], unread: set[str]
) -> Iterator[tuple[Path, PurePath]]:
    depth = next(i for i, part in enumerate(Path(pattern).parts) if glob.has_magic(part))
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 (pathlib's wants a base)
    for match in map(Path, matches):
        if any(_absolute(folder) in skipped for folder in (match, *match.parents)):
            continue
        for file in _below(match, skipped, errors, unread) if _is_folder(match) else [match]:
            if file.suffix.lower() in SUFFIXES:
                yield file, PurePath(*(part for part in file.parts[depth:] if part != ".."))
            else:
                unread.add(_absolute(file))


def _below(
    folder: Path, skipped: Collection[str], errors: list[InputError], unread: set[str]
) -> Iterator[Path]:
    """Yield every picture in a folder and its subfolders; add unlistable folders to `errors`."""

    def complain(error: OSError) -> None:
        reason = f"the folder cannot be listed ({error.strerror})"
        errors.append(InputError(f"{error.filename}: {reason}"))

    for here, folders, files in os.walk(folder, onerror=complain):
        folders[:] = sorted(f for f in folders if _absolute(Path(here, f)) not in skipped)
        # Hidden files are left behind by file managers ("._photo.jpg") and are not pictures.
        for file in sorted(f for f in files if not f.startswith(".")):
            if Path(file).suffix.lower() in SUFFIXES:
                yield Path(here, file)
            else:
                unread.add(_absolute(Path(here, file)))


def distinct_stems() -> Callable[[PurePath], PurePath]:
    """Return a function that strips a path's suffix, and numbers repeated results."""
    given: set[str] = set()

    def unused(path: PurePath) -> PurePath:
        stem = candidate = path.with_suffix("") if path.name.strip(".") else PurePath("picture")
        number = 1
        # Some file systems do not distinguish upper case from lower case.
        while str(candidate).casefold() in given:
            number += 1
            candidate = stem.with_name(f"{stem.name}-{number}")
        given.add(str(candidate).casefold())
        return candidate

    return unused
