"""Writing a report's folder: report.html, report.json and report.md."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape

from craftlite.evaluate.comparison import Candidate, EvaluationSet
from craftlite.evaluate.outlines import COLOURS
from craftlite.evaluate.report.charts import calibration_chart, sweep_chart
from craftlite.evaluate.report.facts import facts_of
from craftlite.evaluate.report.gallery import worst_pictures
from craftlite.files import write_whole


def write_report(out: Path, data: EvaluationSet, candidates: Sequence[Candidate]) -> Path:
    """Write the report of scored detectors; return the path of the HTML page.

    Raises:
        CraftliteError: a file cannot be written.
    """
    facts = facts_of(data, candidates)
    write_whole(out / "report.json", json.dumps(facts, indent=1) + "\n")
    env = Environment(
        loader=PackageLoader("craftlite.evaluate.report", "templates"),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {"percent": percent, "short": short}
    write_whole(out / "report.md", env.get_template("report.md").render(facts))
    page = env.get_template("report.html").render(
        facts,
        charts=charts(facts),
        galleries=[
            list(worst_pictures(one, data.samples, details["pictures"], facts["details_by"]))
            for one, details in zip(candidates, facts["details"], strict=True)
        ],
        colours={name: "rgb({}, {}, {})".format(*rgb) for name, rgb in COLOURS.items()},
    )
    write_whole(out / "report.html", page)
    return out / "report.html"


def charts(facts: dict[str, Any]) -> dict[str, str]:
    """Return the charts that there is data for, by name."""
    scored = {row["name"]: row for row in facts["rows"] if row["protocol"] == facts["details_by"]}
    sweeps = {one["name"]: one["sweep"] for one in facts["details"] if one["sweep"]}
    bins = {one["name"]: one["calibration"] for one in facts["details"] if one["calibration"]}
    drawn = {}
    if sweeps:
        chosen = [(scored[name]["recall"], scored[name]["precision"]) for name in sweeps]
        drawn["sweep"] = sweep_chart(sweeps, chosen)
    if bins:
        drawn["calibration"] = calibration_chart(bins)
    return drawn


def percent(ratio: float | None, digits: int = 1) -> str:
    """Format a ratio in 0..1 as a percentage; None is a dash."""
    return "-" if ratio is None else f"{100 * ratio:.{digits}f} %"


def short(number: object) -> str:
    """Format a large number with a letter for millions or billions; anything else is a dash."""
    if not isinstance(number, int | float):
        return "-"
    for size, letter in ((1e9, " G"), (1e6, " M")):
        if number >= size:
            return f"{number / size:.2f}{letter}"
    return f"{number:g}"
