"""Detecting the layout of a folder from the content of its files, for `--dataset auto`."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from craftlite.data import AUTO, DATASETS
from craftlite.data.annotations import PLACES_SHOWN, first_lines
from craftlite.data.files.folder import LISTED_SUFFIXES
from craftlite.data.files.json_file import parsed_json, read_json
from craftlite.data.files.lines import read_bytes, read_text, text_lines
from craftlite.data.files.tree import Tree
from craftlite.data.files.xml_file import read_xml
from craftlite.data.readers import reader_of
from craftlite.data.readers.own.words import DETECTED
from craftlite.errors import ConfigError, DatasetError
from craftlite.progress import write_line

Found = dict[str, list[Path]]
"""The label files of each layout, by the layout's name."""


def name_layouts(
    datasets: Sequence[str],
    folders: Sequence[str | Path],
    report: Callable[[str], None] = write_line,
) -> list[str]:
    """Return the datasets, NAME or NAME:WEIGHT, with "auto" replaced by the layout of its folder.

    folders: the folders of the datasets, in the same order; those of "auto" must be given.
    report: is called with a line for each layout that was detected.

    Raises:
        ConfigError: "auto" has no folder.
        DatasetError: see `find_layout`.
    """
    named = []
    for number, entry in enumerate(datasets):
        name, colon, weight = entry.partition(":")
        if name == AUTO:
            if number >= len(folders):
                raise ConfigError(f"--dataset {entry}: give its folder with --data DIR")
            folder = Path(folders[number])
            name, files = find_layout(folder)
            report(f"{folder}: read as {name} ({_counted(files)})")
        named.append(f"{name}{colon}{weight}")
    return named


def find_layout(root: Path) -> tuple[str, list[Path]]:
    """Return the name of the layout of a folder, or of a file of labels, and its label files.

    Raises:
        DatasetError: no layout fits, or several do; the message lists what was found and expected.
    """
    tree = Tree(root)
    found, others = _labels(tree)
    if len(found) > 1 and {file.name for file in found.get("words", [])} == {DETECTED}:
        del found["words"]  # `detect` derived the other files from it
    if len(found) == 1:
        [(name, files)] = found.items()
        return name, files
    if found:
        lines = [
            f"{name}: {_counted(files)}, the first {files[0]}" for name, files in found.items()
        ]
        problem, expected = f"holds labels in {len(found)} layouts", list(found)
    else:
        kinds = Counter(file.suffix.lower() or "without a suffix" for file in tree.files)
        counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(PLACES_SHOWN))
        reasons = first_lines([f"{file}: {reason}" for file, reason in others.items()])
        lines = [f"files there: {counts or 'none'}", *reasons]
        problem, expected = "holds no labels in a known layout", [n for n in DATASETS if _is_own(n)]
    layouts = [line for name in expected for line in _expected(name)]
    choice = "name a layout instead of auto, or give the file"
    raise DatasetError("\n  ".join([f"{root}: {problem}; {choice}", *lines, *layouts]))


def _counted(files: Sequence[Path]) -> str:
    return f"{len(files)} file{'s' if len(files) > 1 else ''}"


def _is_own(name: str) -> bool:
    return DATASETS[name].own


def _expected(name: str) -> list[str]:
    return [f"{name} is expected as", *(f"  {row}" for row in reader_of(name).LAYOUTS[name])]


def _labels(tree: Tree) -> tuple[Found, dict[Path, str]]:
    """Return the label files by layout, and the reasons why other files fit no layout."""
    found: Found = defaultdict(list)
    others: dict[Path, str] = {}
    own = {name: reader_of(name) for name in DATASETS if _is_own(name)}
    for file in [tree.given] if tree.given else tree.files:
        if (load := LOADERS.get(file.suffix.lower())) is None:
            continue
        try:
            content = load(file)
        except DatasetError as error:
            others[file] = str(error).removeprefix(f"{file}: ")
            continue
        names = [name for name, module in own.items() if module.fits(file, content)]
        for name in names:
            found[name].append(file)
        if not names:
            others[file] = "of unknown format"
    for name in DATASETS:
        files = [] if _is_own(name) or tree.given else _competition_files(name, tree.root)
        if files:
            found[name] = files
    return found, others


def _first_line(path: Path) -> Any:
    """Parse the first line of a file as JSON."""
    where, line = next(text_lines(read_bytes(path), str(path)), (str(path), "null"))
    return parsed_json(line, lambda _: where)


LOADERS: dict[str, Callable[[Path], Any]] = {
    ".json": read_json,
    ".jsonl": _first_line,
    ".xml": read_xml,
    ".txt": read_text,
    ".csv": read_text,
}


def _competition_files(name: str, root: Path) -> list[Path]:
    """Return the label files of a competition whose name patterns no other layout shares."""
    shared = {pattern for other in DATASETS if other != name for pattern in _patterns(other)}
    patterns = [pattern for pattern in _patterns(name) if pattern not in shared]
    return sorted(path for pattern in patterns for path in root.glob(pattern))


def _patterns(name: str) -> list[str]:
    """Return the name patterns of the label files, with * for the parts that vary."""
    rows = [row.split()[0] for row in reader_of(name).LAYOUTS[name] if not row.startswith(" ")]
    labels = [row for row in rows if Path(row).suffix.lower() not in LISTED_SUFFIXES]
    return [re.sub(r"<\w+>|(?<![A-Z])N+(?![A-Za-z])", "*", row) for row in labels]
