"""The card of a run's weights: what they are, what they were trained on, and how good they are."""

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
        rows: (name, text) of the table about the network, its input and its scores.
        data: what the network was trained on, one line each.
        schedule: the training in words.
    """

    title: str
    rows: Sequence[tuple[str, str]]
    data: Sequence[str]
    schedule: str


def card_page(card: Card, environment: Facts, hours: float | None, files: Mapping[str, str]) -> str:
    """Return a whole card as markdown; anything unknown is marked as such.

    environment: the content of env.json. hours: time that the steps took, if known. files: the
    names of the weights files and their SHA-256.
    """
    return "\n".join(
        [
            f"# {card.title}\n",
            "| | |",
            "|---|---|",
            *(f"| {name} | {text} |" for name, text in card.rows),
            "\n## Data and its terms\n",
            *(f"- {line}" for line in card.data),
            "\nThe terms of the data are not recorded here: see the source of each dataset.",
            f"\n## Schedule\n\n{card.schedule}",
            f"\n{machine(environment, hours)}",
            "\n## Known failures\n\nUnknown: not examined yet.",
            "\n## Files\n",
            "| file | SHA-256 |",
            "|---|---|",
            *(file_row(name, digest) for name, digest in files.items()),
            "",
        ]
    )


def file_row(name: str, digest: str) -> str:
    """Return a file's row in the table at the end of a card."""
    return f"| `{name}` | `{digest}` |"


def list_file(folder: Path, file: Path) -> None:
    """Add a file, such as the exported network, to the table at the end of a run's `card.md`.

    Raises:
        CraftliteError: the card cannot be written.
        OSError: the card or the file does not exist.
    """
    path = folder / CARD
    write_whole(path, f"{path.read_text('utf-8')}{file_row(file.name, sha256_of(file))}\n")


def hours_of(lines: Sequence[Facts], recipe: Settings) -> float | None:
    """Return the hours that the steps alone took; None if the log is empty."""
    rates = [line["crops_per_second"] for line in lines if line.get("crops_per_second")]
    crops = recipe.log_every * recipe.batch
    return sum(crops / rate for rate in rates) / 3600 if rates else None


def machine(environment: Facts, hours: float | None) -> str:
    """Describe the machine, how long the training took, and the versions used."""
    cpu, git = environment["cpu"], environment["git"]
    gpus = ", ".join(environment["gpus"]) or "no GPU"
    time = "an unknown time" if hours is None else f"{hours:.1f} hours"
    commit = "at an unknown commit"
    if git:
        commit = f"at commit `{git['commit']}`" + (", with changes" if git["dirty"] else "")
    versions = ", ".join(f"{name} {version}" for name, version in environment["versions"].items())
    return (
        f"{cpu['model'] or 'An unknown processor'} with {cpu['cores']} cores, {gpus}; {time} for "
        f"the steps alone, not counting validation and saving. Started or resumed on "
        f"{environment['date']} {commit}: {versions}."
    )
