"""Scores as text: the facts of one detector, a table of several, or JSON."""

import json
from collections.abc import Sequence
from typing import Any

from craftlite.evaluate.comparison import Candidate, EvaluationSet, differences, rows, timing_note
from craftlite.evaluate.protocols.metric import PROTOCOLS

Facts = dict[str, Any]
SETTINGS = (
    *("weights", "results", "long_side"),
    *("text_threshold", "link_threshold", "low_text", "growth", "chosen"),
)


def format_summary(candidates: Sequence[Candidate], data: EvaluationSet, *, as_json: bool) -> str:
    """Format the scores of detectors: the facts of one, a table of several, or JSON.

    The JSON object holds the figures of the first detector by the first protocol. If there are
    several, "rows" has all, and "differences" compares them with the first.
    """
    lines = rows(candidates, data.protocols)
    compared = differences(candidates, data.protocols)
    if as_json:
        several = {"rows": lines, "differences": compared} if len(lines) > 1 else {}
        return json.dumps(lines[0] | {"dataset": data.name, "split": data.split} | several)
    where = f"{data.name} {data.split}, {len(data.samples)} pictures"
    return facts(lines[0], where) if len(lines) == 1 else f"{where}\n\n{table(lines, compared)}"


def facts(row: Facts, where: str) -> str:
    """Format the scores of one detector by one protocol, one fact per line."""
    low, high = row["hmean_interval"]
    row = row | ({"chosen": row["origin"]} if "origin" in row else {})
    shown: Facts = {
        "dataset": where,
        "protocol": f"{row['protocol']}: {PROTOCOLS[row['protocol']].title}",
        **{name.replace("_", " "): row[name] for name in SETTINGS if name in row},
        "words": f"{row['truths']}, without don't-care words",
        "detections": f"{row['detections']}, without those in don't-care regions",
        "found": f"{row['found']:g} of the words, {row['correct']:g} of the detections correct",
        "false finds": f"{row['detections'] - row['correct']:g}, in "
        f"{row['pictures_with_false_finds']} of {row['pictures']} pictures",
        "repaired": f"{row['repaired']} detections that crossed themselves or had no area",
        "precision": f"{row['precision']:.2%}",
        "recall": f"{row['recall']:.2%}",
        "H-mean": f"{row['hmean']:.2%}, 95 % interval over pictures {low:.1%} to {high:.1%}",
    }
    if "average_precision" in row:
        shown["average precision"] = f"{row['average_precision']:.2%}"
    return "\n".join(f"{name:<18} {value}" for name, value in shown.items())


def table(lines: Sequence[Facts], compared: Sequence[Facts]) -> str:
    """Format several detectors or protocols, one per line, then differences from the first."""
    wide = max(len(row["name"]) for row in lines)
    heads = ["precision", "recall", "H-mean", "95 % interval", "parameters", "MACs"]
    timed = any(row.get("milliseconds") for row in lines)
    heads += ["ms"] if timed else []
    text = [f"{'':<{wide}}  {'protocol':<16}" + "".join(f"{head:>16}" for head in heads)]
    for row in lines:
        cells = "".join(f"{cell:>16}" for cell in _cells(row)[: len(heads)])
        text.append(f"{row['name']:<{wide}}  {row['protocol']:<16}{cells}")
    for one in compared:
        low, high = (100 * limit for limit in one["hmean_interval"])
        text.append(
            f"{one['name']} minus {one['against']}, {one['protocol']}: {100 * one['hmean']:+.2f} "
            f"points of H-mean, 95 % interval {low:+.2f} to {high:+.2f}"
        )
    text += [note for note in [timing_note(lines)] if note]
    return "\n".join(text)


def _cells(row: Facts) -> list[str]:
    low, high = row["hmean_interval"]
    ratios = [f"{row[key]:.2%}" for key in ("precision", "recall", "hmean")]
    costs = (("parameters", 1e6, 2, " M"), ("macs", 1e9, 1, " G"), ("milliseconds", 1, 0, ""))
    shown = [
        f"{row[key] / size:.{digits}f}{unit}" if row.get(key) else "-"
        for key, size, digits, unit in costs
    ]
    return [*ratios, f"{low:.1%} to {high:.1%}", *shown]
