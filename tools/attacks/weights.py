"""Weights files and the settings beside them, changed, through finding, opening and detecting."""

from functools import cache
from pathlib import Path
from random import Random

from craftlite import Detector
from craftlite.weights import catalogue, find_weights, settings_text, tuned_settings
from tools.attacks.mutate import mutated, mutated_bytes
from tools.attacks.pictures import drawn
from tools.attacks.worker import Attack

SHIPPED = {".onnx": "craftlite-small-int8", ".safetensors": "craftlite-small"}
HEAD = 4096  # bytes in which a file says what it is


@cache
def _sound(suffix: str) -> bytes:
    entry = catalogue()[SHIPPED[suffix]]
    path = entry.onnx if suffix == ".onnx" else entry.torch
    assert path is not None
    return path.read_bytes()


@cache
def _settings() -> bytes:
    entry = catalogue()[SHIPPED[".onnx"]]
    presets = {"icdar15": entry.thresholds}
    facts = tuned_settings(entry.thresholds, 64, "a few pictures", 0.5, presets)
    return settings_text(facts).encode()


def attack_weights(rng: Random, folder: Path) -> None:
    """Open weights of which the file or the settings are changed, and look for words."""
    suffix = rng.choice(sorted(SHIPPED))
    file = folder / f"own{suffix}"
    settings = _settings()
    if rng.random() < 0.5:
        file.write_bytes(_changed(rng, _sound(suffix)))
    else:
        file.write_bytes(_sound(suffix))
        settings = mutated(rng, "own.json", settings)
    file.with_suffix(".json").write_bytes(settings)
    find_weights(file)
    Detector(file, threads=1)(drawn())


def _changed(rng: Random, data: bytes) -> bytes:
    """Changed at the start, where the format's own numbers are, at the end, or anywhere."""
    place = rng.randrange(3)
    if place == 0:
        return mutated_bytes(rng, data[:HEAD]) + data[HEAD:]
    if place == 1:
        return data[:-HEAD] + mutated_bytes(rng, data[-HEAD:])
    return mutated_bytes(rng, data)


WEIGHTS = Attack(attack_weights, mebibytes=12288)
