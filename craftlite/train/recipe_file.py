"""Recipe files: settings as YAML, the shipped recipes, and which of them suits a dataset."""

import json
from collections.abc import Sequence
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml

from craftlite.data import DATASETS, SYNTH
from craftlite.data.mix import parse_mix
from craftlite.errors import ConfigError
from craftlite.train.recipe import ObjectsRecipe, PretrainRecipe, Recipe, Settings

MAX_BYTES = 2**18
CONFIG = "config.yaml"  # a run's own record, which is also a recipe
# Keys that a recipe may hold in addition to the settings. A run's `config.yaml` has them, so that
# the run can be repeated. The shipped recipes name no folder.
BESIDE: dict[str, Any] = {"dataset": list, "data": list, "init": str}
WORDS = {int: "a whole number", float: "a number", str: "a text", list: "a list of texts"}
FOLDERS = {
    Recipe: "",
    PretrainRecipe: "pretrain",
    ObjectsRecipe: "objects",
}  # of the shipped recipes


def shipped_recipes(kind: type[Settings] = Recipe) -> dict[str, Path]:
    """Return the files of the recipes shipped for a kind of training, by name."""
    recipes = Path(__file__).parents[1] / "recipes" / FOLDERS[kind]
    return {path.stem: path for path in sorted(recipes.glob("*.yaml"))}


def recipe_for(datasets: Sequence[str]) -> str:
    """Return the name of the shipped recipe that suits datasets, NAME or NAME:WEIGHT each.

    Text with known characters is learnt from scratch ("synth"), the user's own data from trained
    weights in few steps ("finetune"), and everything else, including mixes, with weak supervision
    ("icdar15"). A dataset of weight 0, used for validation only, is ignored.

    Raises:
        ConfigError: see `parse_mix`.
    """
    names = {name for name, share in zip(*parse_mix(datasets), strict=True) if share}
    recipes = {"synth" if name == SYNTH else DATASETS[name].recipe for name in names}
    return recipes.pop() if len(recipes) == 1 else "icdar15"


def find_recipe(name: str, kind: type[Settings] = Recipe) -> Path:
    """Return the file of a shipped recipe (see `shipped_recipes`), or the named file itself.

    Raises:
        ConfigError: there is no such recipe and no such file.
    """
    known = shipped_recipes(kind)
    path = known.get(name) or Path(name)
    if not path.is_file():
        raise ConfigError(
            f"--recipe {name}: no such recipe; give a YAML file or one of {', '.join(known)}"
        )
    return path


def read_recipe(path: Path, kind: type[Settings] = Recipe) -> dict[str, Any]:
    """Return what a recipe file sets: fields of `kind`, and `dataset`, `data` and `init`.

    Raises:
        ConfigError: the file cannot be read, or a key is unknown, has the wrong type or is out of
            range; the message names the file, the key and what is allowed.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES // 1024} KiB, too large for a recipe")
        found = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML ({_reason(error)})") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: expected lines such as 'steps: 1000', found {_shown(found)}")
    types = BESIDE | {setting.name: setting.type for setting in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in found.items():
        if key not in types:
            close = get_close_matches(str(key), types, 1)
            guess = f" (did you mean {close[0]}?)" if close else ""
            raise ConfigError(
                f"{path}: {key} is not a setting{guess}. The settings are {', '.join(types)}"
            )
        try:
            # `config.yaml` has no weights if the training started from random ones.
            values[key] = None if (key, value) == ("init", None) else _typed(value, types[key])
        except ValueError as allowed:
            raise ConfigError(f"{path}: {key} is {_shown(value)}, must be {allowed}") from None
    try:
        kind(**{key: value for key, value in values.items() if key not in BESIDE})
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return values


def _typed(value: Any, wanted: Any) -> Any:
    """Return the value in the type of a setting; a ValueError lists what is allowed."""
    if get_origin(wanted) is Literal:
        if value not in get_args(wanted):
            raise ValueError(f"one of {', '.join(get_args(wanted))}")
        return value
    # YAML reads 1e-3, which has no decimal point, as a text.
    if wanted is float and isinstance(value, str | int) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            raise ValueError(WORDS[float]) from None
    if type(value) is not wanted or (wanted is list and not all(isinstance(v, str) for v in value)):
        raise ValueError(WORDS[wanted])
    return value


def _shown(value: Any) -> str:
    """Return a value as YAML would show it, truncated if it is long."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _reason(error: Exception) -> str:
    """Describe on one line what is wrong with a file."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return " ".join(str(error).split())
