"""`craftlite train`: from datasets to weights."""

import sys
from pathlib import Path

from jsonargparse import ActionConfigFile, ArgumentParser, Namespace

from craftlite.errors import ConfigError
from craftlite.train.recipe import Recipe


def parser() -> ArgumentParser:
    """The options of the command: what to train on, and every setting of the recipe."""
    parser = ArgumentParser(description="Train a detector; needs craftlite[train].")
    parser.add_argument(
        "--dataset",
        action="append",
        type=str,
        default=[],
        metavar="NAME[:WEIGHT]",
        help="icdar15, icdar13, quads or synth (words rendered on the fly); repeat it for a mix",
    )
    parser.add_argument(
        "--data",
        action="append",
        type=str,
        default=[],
        metavar="DIR",
        help="folder of each dataset, in the order of --dataset (default: data/NAME); "
        "for synth, photographs to write on",
    )
    parser.add_argument("--recipe", action=ActionConfigFile, help="YAML file of the settings below")
    parser.add_argument("--init", type=Path, metavar="FILE", help="weights to start from")
    parser.add_argument("--out", type=Path, metavar="DIR", help="run folder (default: runs/NAME)")
    parser.add_argument("--resume", action="store_true", help="go on with the training in --out")
    parser.add_class_arguments(Recipe)
    return parser


def run(args: Namespace) -> int:
    """Train by the parsed options; 0 when the weights are written."""
    from craftlite.train.loop import Run, train

    if not args.dataset:
        raise ConfigError("give at least one --dataset")
    settings = {name: args[name] for name in Recipe.__dataclass_fields__}
    out = args.out or Path("runs") / "-".join(name.split(":")[0] for name in args.dataset)
    folders = [Path(folder) for folder in args.data]
    weights = train(Run(Recipe(**settings), args.dataset, folders, out, args.init), args.resume)
    print(f"weights: {weights}", file=sys.stderr)
    return 0
