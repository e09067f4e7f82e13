"""Searching the thresholds and the long side of weights, on one or several datasets."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from craftlite.calibration import Calibration
from craftlite.errors import CraftliteError
from craftlite.evaluate.comparison import EvaluationSet
from craftlite.evaluate.protocols.metric import Metric
from craftlite.evaluate.runner import ModelRunner
from craftlite.evaluate.score import Score
from craftlite.files import write_whole
from craftlite.postprocess import Thresholds
from craftlite.weights import Weights, catalogue, folder, settings_text, tuned_settings

LEVELS = tuple(round(0.05 * step, 2) for step in range(2, 20))
GROWTHS = (1.0, 1.25, 1.5, 1.75, 2.0)
# Long sides to try, relative to the one that the search starts from.
SIDES = (2 / 3, 5 / 6, 1, 7 / 6, 4 / 3)
HEADING = "## Thresholds"
SCORES = "## Scores"

Trial = Callable[[int, Thresholds], Score]
"""Scores a long side and thresholds on one dataset."""


class Tuning(NamedTuple):
    """The chosen values, their score on each dataset, and the number of combinations tried."""

    long_side: int
    thresholds: Thresholds
    scores: Sequence[Score]
    tried: int

    @property
    def hmean(self) -> float:
        """The mean of the datasets' H-means, 0..1, with equal weights."""
        return sum(score.hmean for score in self.scores) / len(self.scores)


def trial_of(data: EvaluationSet, model: ModelRunner, tried: Callable[[], object]) -> Trial:
    """Return a function that scores a model on a dataset, caching results, and calls `tried`."""

    @cache
    def trial(long_side: int, thresholds: Thresholds) -> Score:
        runner = model.at(long_side)
        found = (runner.detections(sample, thresholds) for sample in data.samples)
        score = Metric.of(data.protocols[0], data.samples, found).summary()
        tried()
        return score

    return trial


def sides_around(long_side: int) -> list[int]:
    """Return the long sides to try: multiples of 32 from two thirds to four thirds of one."""
    return sorted({max(32, round(share * long_side / 32) * 32) for share in SIDES})


def search(trials: Sequence[Trial], start: Thresholds, sides: Sequence[int]) -> Iterator[Tuning]:
    """Search combinations; yield the best so far after each long side, the last is the result.

    For each long side, the search begins at `start`. In turn, low, link and text take every one of
    LEVELS (0.10 to 0.95 by 0.05; text at least low), and growth every one of GROWTHS, with the
    others fixed. The value with the best H-mean, averaged over all datasets, is kept; the earlier
    one if two are equal. Rounds are repeated until one changes nothing.
    """
    tried: dict[tuple[int, Thresholds], Tuning] = {}

    def tuning(side: int, levels: Thresholds) -> Tuning:
        if (side, levels) not in tried:
            scores = [trial(side, levels) for trial in trials]
            tried[side, levels] = Tuning(side, levels, scores, len(tried) + 1)
        return tried[side, levels]

    best: Tuning | None = None
    for side in sides:
        levels, previous = start, None
        while levels != previous:
            previous = levels
            for name in ("low", "link", "text", "growth"):
                values = GROWTHS if name == "growth" else LEVELS
                options = [replace(levels, **{name: value}) for value in values]
                options = [levels, *(one for one in options if one.text >= one.low)]
                levels = max(options, key=lambda one: tuning(side, one).hmean)
        if best is None or tuning(side, levels).hmean > best.hmean:
            best = tuning(side, levels)
        yield best._replace(tried=len(tried))


def write_tuning(
    entry: Weights,
    tuning: Tuning,
    where: str,
    own: Mapping[str, Tuning] | None = None,
    calibration: Calibration | None = None,
) -> list[Path]:
    """Write the choice next to the weights, or into the catalogue, and into their card.

    Args:
        entry: the weights, which will then be used with these thresholds and this long side.
        tuning: the choice.
        where: dataset, split, pictures and protocol: "on icdar15 val, 100 pictures, by iou".
        own: the best choice for each of several datasets alone, by the name of its preset.
        calibration: of the scores at these thresholds; without it, scores are mean region scores.

    Raises:
        CraftliteError: a file cannot be written.
    """
    own = own or {}
    presets = {name: best.thresholds for name, best in own.items()}
    facts = tuned_settings(
        *(tuning.thresholds, tuning.long_side, where, tuning.hmean, presets, calibration)
    )
    text = section(tuning, where) + (presets_table(tuning, own) if own else "")
    return _write(entry, facts, {SCORES: scores_text(calibration), HEADING: text})


def write_calibration(entry: Weights, calibration: Calibration) -> list[Path]:
    """Write a calibration next to tuned weights, or into the catalogue, and into their card.

    Raises:
        CraftliteError: a file cannot be written.
    """
    assert entry.tuned is not None
    facts = tuned_settings(
        *(entry.thresholds, entry.long_side, entry.tuned, entry.hmean, entry.presets, calibration)
    )
    return _write(entry, facts, {SCORES: scores_text(calibration)})


def _write(entry: Weights, facts: dict[str, Any], sections: Mapping[str, str]) -> list[Path]:
    """Write settings, and sections of the card by their headings; return the two files."""
    if entry.name in catalogue():
        settings, card = folder() / "catalogue.json", folder() / f"{entry.name}.md"
        content: dict[str, Any] = json.loads(settings.read_text("utf-8"))
        content[entry.name] |= facts
    else:
        settings, content = entry.file.with_suffix(".json"), facts
        card = entry.file.with_name("card.md")
        if not card.is_file():
            card = entry.file.with_suffix(".md")
    write_whole(settings, settings_text(content))
    catalogue.cache_clear()
    page = _read(card, entry.name)
    for heading, text in sections.items():
        page = with_section(page, text, heading)
    write_whole(card, page)
    return [settings, card]


def scores_text(calibration: Calibration | None) -> str:
    """Return the text of the section on scores in the card, without its heading."""
    if calibration is None:
        return "A word's score is the mean region score of its text pixels; it is not calibrated.\n"
    return (
        f"Scores are calibrated {calibration.fitted}: of words with a score s, about a fraction s "
        f"is correct. Expected calibration error on held-out pictures: "
        f"{calibration.error:.3f}.\n"
    )


def section(tuning: Tuning, where: str) -> str:
    """Return the text of the section on thresholds in the card, without its heading."""
    levels = shown(tuning.thresholds)
    figures = f"{tuning.hmean:.4f}"
    if len(tuning.scores) == 1:
        [score] = tuning.scores
        figures += f" (precision {score.precision:.4f}, recall {score.recall:.4f})"
    best = "H-mean" if len(tuning.scores) == 1 else "mean of the datasets' H-means"
    return (
        f"{levels[0].upper()}{levels[1:]}, long side {tuning.long_side} pixels, chosen {where}: "
        f"the best {best} among {tuning.tried} combinations, {figures}. "
        f"On the pictures that they were chosen on, the figures are slightly optimistic.\n"
    )


def presets_table(tuning: Tuning, own: Mapping[str, Tuning]) -> str:
    """Return a Markdown table of each dataset's H-mean with the common and its own thresholds."""
    rows = [
        f"| {name} | {score.hmean:.2%} | {best.hmean:.2%} | {shown(best.thresholds)} |\n"
        for (name, best), score in zip(own.items(), tuning.scores, strict=True)
    ]
    head = "\n| dataset | with these | with its own | its own, by `--thresholds` and its name |\n"
    return head + "|---|---|---|---|\n" + "".join(rows)


def shown(thresholds: Thresholds) -> str:
    """Format thresholds as text."""
    return ", ".join(f"{name} {level:g}" for name, level in asdict(thresholds).items())


def with_section(card: str, text: str, heading: str = HEADING) -> str:
    """Replace the section of a card under a heading, or insert it before the other sections."""
    section = re.compile(rf"^{heading}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    others = section.sub("", card)
    place = section.search(card) or re.search(r"^## |\Z", card, re.MULTILINE)
    start = place.start() if place else len(card)
    before, after = others[:start].rstrip("\n"), others[start:]
    return f"{before}\n\n{heading}\n\n{text}" + (f"\n{after}" if after.strip() else "")


def _read(card: Path, name: str) -> str:
    if not card.is_file():
        return f"# {name}\n"
    try:
        return card.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CraftliteError(f"{card}: cannot be read ({error})") from error
