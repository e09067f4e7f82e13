"""Recipes whose text is changed, through reading and checking."""

from pathlib import Path
from random import Random

from craftlite.train.recipe import PretrainRecipe, Recipe
from craftlite.train.recipe_file import read_recipe, shipped_recipes
from tools.attacks.mutate import mutated
from tools.attacks.worker import Attack, Broken

# Each line is nine of the one before: a billion texts in all.
ALIASES = "a: &a [lol]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def attack_recipes(rng: Random, folder: Path) -> None:
    """Read a changed recipe of a detector or of a backbone."""
    kind = rng.choice((Recipe, PretrainRecipe))
    texts = [path.read_bytes() for path in shipped_recipes(kind).values()]
    path = folder / "own.yaml"
    path.write_bytes(mutated(rng, path.name, rng.choice(texts)))
    if rng.random() < 0.02:
        path.write_text(ALIASES.replace("i:", "dataset:"), "utf-8")
    values = read_recipe(path, kind)
    if not isinstance(values, dict):
        raise Broken(f"a recipe was read as {type(values).__name__}")


RECIPES = Attack(attack_recipes, share=0.5)
