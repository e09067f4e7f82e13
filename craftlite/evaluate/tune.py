"""The thresholds and the long side that suit weights, searched on one or several datasets."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from craftlite.errors import CraftliteError
from craftlite.evaluate.score import Score
from craftlite.files import write_whole
from craftlite.postprocess import Thresholds
from craftlite.weights import Weights, catalogue, folder, settings_text, tuned_settings

LEVELS = tuple(round(0.05 * step, 2) for step in range(2, 20))
GROWTHS = (1.0, 1.25, 1.5, 1.75, 2.0)
# Shares of the long side that the search starts from.
SIDES = (2 / 3, 5 / 6, 1, 7 / 6, 4 / 3)
HEADING = "## Thresholds"

Trial = Callable[[int, Thresholds], Sequence[Score]]
"""Scores a long side and thresholds on each dataset."""


class Tuning(NamedTuple):
    """What was chosen, how good it is on each dataset, and how many combinations were tried."""

    long_side: int
    thresholds: Thresholds
    scores: Sequence[Score]
    tried: int

    @property
    def hmean(self) -> float:
        """The mean over the datasets, each of which counts the same."""
        return mean_hmean(self.scores)


def mean_hmean(scores: Sequence[Score]) -> float:
    """The mean of the H-means, 0..1."""
    return sum(score.hmean for score in scores) / len(scores)


def sides_around(long_side: int) -> list[int]:
    """The long sides that are tried: multiples of 32 from two thirds to four thirds of one."""
    return sorted({max(32, round(share * long_side / 32) * 32) for share in SIDES})


def search(trial: Trial, start: Thresholds, sides: list[int]) -> Iterator[Tuning]:
    """Tries combinations; yields the best so far after each long side, the last is the result.

    For each long side, from `start`: low, link and text take in turn every one of LEVELS (0.10 to
    0.95 by 0.05; text at least low), and growth every one of GROWTHS, with the others held, and
    keep the best H-mean, the mean over all datasets, the earlier value where two are equal; round
    after round until one changes nothing.
    """
    tried: dict[tuple[int, Thresholds], Sequence[Score]] = {}

    def hmean(side: int, levels: Thresholds) -> float:
        key = side, levels
        if key not in tried:
            tried[key] = trial(*key)
        return mean_hmean(tried[key])

    best: tuple[int, Thresholds] | None = None
    for side in sides:
        levels, previous = start, None
        while levels != previous:
            previous = levels
            for name in ("low", "link", "text", "growth"):
                values = GROWTHS if name == "growth" else LEVELS
                options = [replace(levels, **{name: value}) for value in values]
                options = [levels, *(one for one in options if one.text >= one.low)]
                levels = max(options, key=lambda one: hmean(side, one))
        if best is None or hmean(side, levels) > hmean(*best):
            best = side, levels
        yield Tuning(*best, tried[best], len(tried))


def write_tuning(
    entry: Weights, tuning: Tuning, where: str, own: Mapping[str, Tuning] | None = None
) -> list[Path]:
    """Write the choice beside the weights, or into the catalogue, and into their card.

    Args:
        entry: the weights; later they are used with these thresholds and this long side.
        tuning: the choice.
        where: dataset, split, pictures and protocol: "on icdar15 val, 100 pictures, by iou".
        own: the best choice for each of several datasets alone, by the name that it is asked for.

    Raises:
        CraftliteError: a file cannot be written.
    """
    own = own or {}
    presets = {name: best.thresholds for name, best in own.items()}
    facts = tuned_settings(tuning.thresholds, tuning.long_side, where, tuning.hmean, presets)
    if entry.name in catalogue():
        settings, card = folder() / "catalogue.json", folder() / f"{entry.name}.md"
        content: dict[str, Any] = json.loads(settings.read_text("utf-8"))
        content[entry.name] |= facts
    else:
        file = entry.onnx or entry.torch
        assert file is not None
        settings, content = file.with_suffix(".json"), facts
        card = file.with_name("card.md")
        if not card.is_file():
            card = file.with_suffix(".md")
    text = section(tuning, where) + (table(tuning, own) if own else "")
    write_whole(settings, settings_text(content))
    write_whole(card, with_section(_read(card, entry.name), text))
    return [settings, card]


def section(tuning: Tuning, where: str) -> str:
    """What the card says of the thresholds, as markdown without its heading."""
    levels = shown(tuning.thresholds)
    figures = f"{tuning.hmean:.4f}"
    if len(tuning.scores) == 1:
        [score] = tuning.scores
        figures += f" (precision {score.precision:.4f}, recall {score.recall:.4f})"
    best = "H-mean" if len(tuning.scores) == 1 else "mean of the datasets' H-means"
    return (
        f"{levels[0].upper()}{levels[1:]}, long side {tuning.long_side} pixels, chosen {where}: "
        f"of {tuning.tried} combinations the one of the best {best}, {figures}. "
        f"On the pictures that they were chosen on, figures flatter a little.\n"
    )


def table(tuning: Tuning, own: Mapping[str, Tuning]) -> str:
    """The H-mean of each dataset with the thresholds for all and with its own, as markdown."""
    rows = [
        f"| {name} | {score.hmean:.2%} | {best.hmean:.2%} | {shown(best.thresholds)} |\n"
        for (name, best), score in zip(own.items(), tuning.scores, strict=True)
    ]
    head = "\n| dataset | with these | with its own | its own, by `--thresholds` and its name |\n"
    return head + "|---|---|---|---|\n" + "".join(rows)


def shown(thresholds: Thresholds) -> str:
    """Thresholds in words."""
    return ", ".join(f"{name} {level:g}" for name, level in asdict(thresholds).items())


def with_section(card: str, text: str) -> str:
    """A card whose section HEADING holds a text: replaced, or put before the other sections."""
    section = re.compile(rf"^{HEADING}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    others = section.sub("", card)
    place = section.search(card) or re.search(r"^## |\Z", card, re.MULTILINE)
    start = place.start() if place else len(card)
    before, after = others[:start].rstrip("\n"), others[start:]
    return f"{before}\n\n{HEADING}\n\n{text}" + (f"\n{after}" if after.strip() else "")


def _read(card: Path, name: str) -> str:
    if not card.is_file():
        return f"# {name}\n"
    try:
        return card.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CraftliteError(f"{card}: cannot be read ({error})") from error
