"""`craftlite train`: from datasets to weights."""

import sys
from dataclasses import fields
from pathlib import Path

from docstring_parser import parse_from_object
from jsonargparse import (  # type: ignore[attr-defined]
    ActionConfigFile,
    ArgumentParser,
    Namespace,
)

from craftlite.data import DATASETS
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
        help=f"{', '.join(DATASETS)} or synth (words rendered on the fly); repeat it for a mix",
    )
    parser.add_argument(
        "--data",
        action="append",
        type=str,
        default=[],
        metavar="DIR",
        help="folder of each dataset, in the order of --dataset (default: data/NAME); "
        "for words, its .jsonl file does too; for synth, photographs to write on",
    )
    parser.add_argument("--recipe", action=ActionConfigFile, help="YAML file of the settings below")
    parser.add_argument("--init", type=Path, metavar="FILE", help="weights to start from")
    parser.add_argument("--out", type=Path, metavar="DIR", help="run folder (default: runs/NAME)")
    parser.add_argument("--resume", action="store_true", help="go on with the training in --out")
    texts = {p.arg_name: p.description for p in parse_from_object(Recipe).params}
    for setting in fields(Recipe):
        parser.add_argument(
            "--" + setting.name.replace("_", "-"),
            type=setting.type,
            default=setting.default,
            help=texts[setting.name],
        )
    return parser


def run(args: Namespace) -> int:
    """Train by the parsed options; 0 when the weights are written."""
    from craftlite.train.loop import train
    from craftlite.train.run import Run

    if not args.dataset:
        raise ConfigError("give at least one --dataset")
    settings = {setting.name: args[setting.name] for setting in fields(Recipe)}
    out = args.out or Path("runs") / "-".join(name.split(":")[0] for name in args.dataset)
    folders = [Path(folder) for folder in args.data]
    weights = train(Run(Recipe(**settings), args.dataset, folders, out, args.init), args.resume)
    print(f"weights: {weights}", file=sys.stderr)
    return 0
