"""`craftlite info`: list the networks with their costs, and the shipped weights."""

import json
from importlib.util import find_spec
from typing import Any

from jsonargparse import ArgumentParser, Namespace

from craftlite import __version__
from craftlite.commands.shared.options import new_parser
from craftlite.detector import default_weights
from craftlite.install import install_hint
from craftlite.progress import write_line
from craftlite.weights import DEFAULT, backbones, catalogue

SIZE = (1280, 736)
CLASSIFIER_SIZE = (224, 224)
LICENCES = """
Licence: weights marked research were trained on pictures licensed for research; see their cards."""


def parser() -> ArgumentParser:
    """Return the parser of the command's options."""
    result = new_parser(
        "List the networks with their parameters and multiply-accumulates (MACs), and the weights "
        "that come with craftlite."
    )
    result.add_argument("--json", action="store_true", help="Print one JSON object.")
    return result


def networks() -> list[dict[str, Any]]:
    """Return every network with its cost; an empty list if torch is not installed."""
    if find_spec("torch") is None:
        return []
    from craftlite.model.cost import cost_table

    return cost_table(SIZE, CLASSIFIER_SIZE)


def run(args: Namespace) -> int:
    """Print networks, weights and backbones; without torch, only weights and backbones."""
    known = networks()
    if not known:
        write_line(f"listing the networks needs torch: {install_hint('train')}")
    weights: list[dict[str, Any]] = [
        {key: getattr(entry, key) for key in ("name", "licence", "hmean", "tuned", "long_side")}
        | {"thresholds": vars(entry.thresholds)}
        for entry in catalogue().values()
    ]
    bodies: list[dict[str, Any]] = [
        {key: getattr(entry, key) for key in ("name", "body_of", "data", "top1_error")}
        for entry in backbones().values()
    ]
    if args.json:
        facts: dict[str, Any] = {"networks": known, "weights": weights, "backbones": bodies}
        facts |= {"default_weights": default_weights()}
        print(json.dumps({"version": __version__, **facts}, indent=2))
        return 0
    print(f"craftlite {__version__}\n\n{'network':<24}{'parameters':>14}{'MACs':>12}  at")
    for network in known:
        millions, giga = network["parameters"] / 1e6, network["macs"] / 1e9
        print(f"{network['name']:<24}{millions:>12.2f} M{giga:>10.2f} G  {network['size']}")
    header = f"{'weights':<24}{'licence':<12}{'long side':>10}   {'text, link, low, growth':<26}"
    print(f"\n{header}{'H-mean':>6}")
    for entry in weights:
        thresholds = ", ".join(f"{value:g}" for value in entry["thresholds"].values())
        hmean = "" if entry["hmean"] is None else f"{entry['hmean']:>6.1%} {entry['tuned']}"
        columns = f"{entry['name']:<24}{entry['licence']:<12}{entry['long_side']:>10}"
        print(f"{columns}   {thresholds:<26}{hmean}")
    print(f"\nDefault weights: {default_weights()}; with other engines: {DEFAULT}")
    print(LICENCES)
    print(f"\n{'backbone':<24}{'top-1 error':>11}  on")
    for entry in bodies:
        print(f"{entry['name']:<24}{entry['top1_error']:>11.1%}  {entry['data']}")
    return 0
