"""The card of a run's weights: what they are, what they learnt from, and how good they were."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from craftlite.files import sha256_of, write_whole
from craftlite.train.recipe import Settings

CARD = "card.md"
Facts = Mapping[str, Any]


class Card(NamedTuple):
    """The content of a card, as markdown.

    Attributes:
        title: the first line.
        rows: (name, text) of the table about the network, its input and how good it was.
        data: what it learnt from, a line each.
        schedule: the training in words.
    """

    title: str
    rows: Sequence[tuple[str, str]]
    data: Sequence[str]
    schedule: str


def card_page(card: Card, environment: Facts, hours: float | None, files: Mapping[str, str]) -> str:
    """A whole card as markdown; what is not known is marked as unknown.

    environment: as env.json holds it. hours: that the steps took, if known. files: names of the
    weights' files, and their SHA-256.
    """
    return "\n".join(
        [
            f"# {card.title}\n",
            "| | |",
            "|---|---|",
            *(f"| {name} | {text} |" for name, text in card.rows),
            "\n## Data and its terms\n",
            *(f"- {line}" for line in card.data),
            "\nThe terms of the data are not known to this card: see where each dataset is from.",
            f"\n## Schedule\n\n{card.schedule}",
            f"\n{machine(environment, hours)}",
            "\n## Known failures\n\nUnknown: nobody has looked yet.",
            "\n## Files\n",
            "| file | SHA-256 |",
            "|---|---|",
            *(file_row(name, digest) for name, digest in files.items()),
            "",
        ]
    )


def file_row(name: str, digest: str) -> str:
    """A file's row in the table that ends a card."""
    return f"| `{name}` | `{digest}` |"


def list_file(folder: Path, file: Path) -> None:
    """Add a file, such as the exported network, to the table that ends a run's `card.md`.

    Raises:
        CraftliteError: the card cannot be written.
        OSError: the card or the file is not there.
    """
    path = folder / CARD
    write_whole(path, f"{path.read_text('utf-8')}{file_row(file.name, sha256_of(file))}\n")


def hours_of(lines: Sequence[Facts], recipe: Settings) -> float | None:
    """Hours that the steps took, validations and saving left out; None where the log is empty."""
    rates = [line["crops_per_second"] for line in lines if line.get("crops_per_second")]
    crops = recipe.log_every * recipe.batch
    return sum(crops / rate for rate in rates) / 3600 if rates else None


def machine(environment: Facts, hours: float | None) -> str:
    """What it ran on, how long, and with which versions."""
    cpu, git = environment["cpu"], environment["git"]
    gpus = ", ".join(environment["gpus"]) or "no GPU"
    time = "an unknown time" if hours is None else f"{hours:.1f} hours"
    commit = "at an unknown commit"
    if git:
        commit = f"at commit `{git['commit']}`" + (", with changes" if git["dirty"] else "")
    versions = ", ".join(f"{name} {version}" for name, version in environment["versions"].items())
    return (
        f"{cpu['model'] or 'An unknown processor'} with {cpu['cores']} cores, {gpus}; {time} for "
        f"the steps alone, validations and saving not counted. Started or resumed on "
        f"{environment['date']} {commit}: {versions}."
    )
