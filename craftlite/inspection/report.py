"""The report of an inspection: counts, problems and panels of a dataset."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from craftlite.data.annotations import UNREADABLE, Problem, count_problems
from craftlite.data.sample import Sample
from craftlite.draw import write_picture
from craftlite.errors import ConfigError, DatasetError
from craftlite.geometry import Picture
from craftlite.inspection.panel import contact_sheet, draw_panel, thumbnail
from craftlite.inspection.statistics import Statistics
from craftlite.progress import Progress

Facts = dict[str, Any]
Finder = Callable[[Sample], Sample]

REPORT, SHEET = "inspect.json", "sheet.jpg"
PROBLEMS_SHOWN = 10
BAR = 40  # length of the longest bar in characters
UNSHARED = ("pictures", "words", "characters")  # counts that are not a fraction of another count
QUALITY = 90  # quality of the JPEG files


def earlier_files(out: Path) -> list[Path]:
    """Return the files of the last inspection in the folder, which must hold nothing else."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        there = {path.name: path for path in out.iterdir()}
        ours: set[str] = set()
        if REPORT in there:
            ours = {REPORT, SHEET, *json.loads(there[REPORT].read_text("utf-8"))["panels"]}
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot be written to ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"--out {out}: {REPORT} is not a report of craftlite inspect; choose an empty folder"
        ) from error
    strangers = sorted(there.keys() - ours)
    if strangers:
        raise ConfigError(
            f"--out {out}: contains {strangers[0]}, which craftlite inspect did not write; "
            "choose an empty folder"
        )
    return list(there.values())


class Inspection:
    """Counts, problems and panels of a dataset.

    Attributes:
        problems: problems of the ground truth, and pictures that cannot be opened.
        panels: names of the files drawn.
    """

    def __init__(self, samples: Sequence[Sample], problems: Sequence[Problem]) -> None:
        self.problems, self.panels = list(problems), list[str]()
        self._samples, self._statistics = samples, Statistics()
        self._wordless = np.zeros(len(samples), bool)
        progress = Progress(samples, unit="picture", leave=False)
        for index, sample in enumerate(progress):
            self._wordless[index] = all(word.ignore for word in sample.words)
            try:
                self._statistics.add(sample)
            except DatasetError as error:
                self._add_unreadable(sample, error.__cause__)
        progress.write_summary(failed=len(self.problems) - len(problems))

    def draw(self, out: Path, count: int, seed: int, finder: Finder) -> None:
        """Write panels of `count` random readable pictures, and a contact sheet of all panels.

        Pictures with legible words come first. `finder` adds the characters to a sample.
        """
        order = np.random.default_rng(seed).permutation(len(self._samples))
        order = order[np.argsort(self._wordless[order], kind="stable")]
        known = {problem.where for problem in self.unreadable()}
        small: list[Picture] = []
        with Progress(total=min(count, len(order)), unit="panel") as progress:
            for sample in (self._samples[index] for index in order.tolist()):
                if len(small) == count:
                    break
                try:
                    pixels = sample.pixels()
                except DatasetError as error:
                    if str(sample.picture) not in known:
                        self._add_unreadable(sample, error)
                    continue
                words = finder(replace(sample, picture=pixels)).words
                pairs = enumerate(zip(words, sample.words, strict=True))
                found = [place for place, (word, before) in pairs if word is not before]
                panel = draw_panel(sample.name, pixels, words, found)
                self.panels.append(_file_name(sample.name, self.panels))
                write_picture(out / self.panels[-1], panel, QUALITY)
                small.append(thumbnail(panel))
                progress.update()
        if small:
            write_picture(out / SHEET, contact_sheet(small), QUALITY)

    def facts(self) -> Facts:
        """Return all results, ready for JSON."""
        return {
            **self._statistics.facts(),
            "problem_counts": count_problems(self.problems),
            "problems": [problem._asdict() for problem in self.problems],
            "panels": self.panels,
        }

    def unreadable(self) -> list[Problem]:
        """Return the pictures and lines of ground truth that cannot be read."""
        return [problem for problem in self.problems if problem.what == UNREADABLE]

    def _add_unreadable(self, sample: Sample, why: BaseException | None) -> None:
        self.problems.append(Problem(str(sample.picture), UNREADABLE, str(why)))


def _file_name(name: str, taken: Sequence[str]) -> str:
    """Return a file name that is not taken, with folders in the name replaced by underscores."""
    stem = name.replace("/", "_").replace("\\", "_")
    while f"{stem}.jpg" in (SHEET, *taken):
        stem += "_"
    return f"{stem}.jpg"


def format_report(report: Facts) -> str:
    """Format the report as text, with the first of its problems."""
    counts, heights, bars = report["counts"], report["heights"], report["histogram"]
    title = report["dataset"] + (f" {report['split']}" if report["split"] else "")
    lines = [f"{title}\n"]
    for name, count in counts.items():
        whole = "pictures" if name.startswith("picture") else "words"
        share = f"{count / counts[whole]:8.1%}" if counts[whole] and name not in UNSHARED else ""
        lines.append(f"{name:<24}{count:>9}{share}")
    sizes = (f"{name} {width} x {height}" for name, (width, height) in report["sizes"].items())
    lines.append(f"\npicture sizes: {', '.join(sizes)}")
    shares = (f"{height:g} at {share} %" for share, height in heights.items())
    lines.append(f"\nheights of the legible words in pixels: {', '.join(shares)}")
    longest = max(*bars.values(), 1)
    for limits, count in bars.items():
        lines.append(f"{limits:>10}{count:>9}  {'#' * round(BAR * count / longest)}".rstrip())
    lines.append(f"\nproblems: {len(report['problems'])}")
    lines += [f"{count:>9}  {what}" for what, count in report["problem_counts"].items()]
    first = report["problems"][:PROBLEMS_SHOWN]
    lines += [f"  {problem['where']}: {problem['what']}: {problem['found']}" for problem in first]
    hidden = len(report["problems"]) - PROBLEMS_SHOWN
    return "\n".join([*lines, f"  and {hidden} more; --json lists all"] if hidden > 0 else lines)
