"""`craftlite info`: the networks with their costs, and the weights that ship."""

import json
import sys
from importlib.util import find_spec
from typing import Any

from jsonargparse import ArgumentParser, Namespace

from craftlite import __version__
from craftlite.weights import catalogue

SIZE = (1280, 736)


def parser() -> ArgumentParser:
    """The options of the command."""
    parser = ArgumentParser(description="List the networks, their costs, and the shipped weights.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def networks() -> list[dict[str, Any]]:
    """Name, parameters and multiply-accumulates (at SIZE) of every detector; needs torch."""
    from craftlite.model import DETECTORS
    from craftlite.model.cost import cost

    size = "x".join(str(side) for side in SIZE)
    return [{"name": name, "size": size, **cost(name, *SIZE)._asdict()} for name in DETECTORS]


def run(args: Namespace) -> int:
    """Print what there is; networks are left out, and that is said, where torch is missing."""
    known = networks() if find_spec("torch") else []
    if not known:
        print("the networks' costs need torch: pip install 'craftlite[train]'", file=sys.stderr)
    weights: list[dict[str, Any]] = [
        {"name": w.name, "long_side": w.long_side, "thresholds": vars(w.thresholds)}
        for w in catalogue().values()
    ]
    if args.json:
        print(json.dumps({"version": __version__, "networks": known, "weights": weights}, indent=2))
        return 0
    print(f"craftlite {__version__}\n\n{'network':<18}{'parameters':>14}{'MACs at 1280x736':>20}")
    for network in known:
        millions, giga = network["parameters"] / 1e6, network["macs"] / 1e9
        print(f"{network['name']:<18}{millions:>12.2f} M{giga:>18.2f} G")
    print(f"\n{'weights':<24}{'long side':>10}   thresholds: text, link, low")
    for entry in weights:
        thresholds = ", ".join(f"{value:g}" for value in entry["thresholds"].values())
        print(f"{entry['name']:<24}{entry['long_side']:>10}   {thresholds}")
    return 0
