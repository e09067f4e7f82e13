"""`craftlite train`: which recipe counts, what wins over it, and how mistakes in it are told."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from craftlite.cli import main
from craftlite.commands.train import choose, default_out, parser
from craftlite.errors import ConfigError, WeightsError
from craftlite.train.detector.task import network_of
from craftlite.train.recipe import Recipe
from craftlite.train.recipe_file import find_recipe, read_recipe, recipe_for, shipped_recipes
from craftlite.train.start import starting_weights
from craftlite.weights import backbones, catalogue


def chosen(*arguments: str) -> dict[str, Any]:
    return choose(parser().parse_args(list(arguments)))[1]


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("datasets", "name"),
    [
        (["synth"], "synth"),
        (["synth:3", "synthtext"], "synth"),
        (["synth", "icdar15:0"], "synth"),
        (["icdar15"], "icdar15"),
        (["mlt17:2"], "icdar15"),
        (["words"], "finetune"),
        (["quads:2", "words"], "finetune"),
        (["words:4", "synth"], "icdar15"),
        (["icdar15", "words"], "icdar15"),
    ],
)
def test_datasets_take_the_recipe_that_suits_them(
    datasets: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recipe_for(datasets) == name
    options = [part for entry in datasets for part in ("--dataset", entry)]
    expected = read_recipe(shipped_recipes()[name])
    assert chosen(*options) == expected | {"dataset": datasets}
    said = capsys.readouterr().err
    assert said.startswith(f"recipe: {name}, for {' '.join(datasets)} (")
    assert str(shipped_recipes()[name]) in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("name", ["synth", "icdar15", "finetune", "short"])
def test_a_shipped_recipe_is_good_and_names_nothing_of_this_machine(name: str) -> None:
    settings = read_recipe(find_recipe(name))
    init = settings.pop("init", "none")
    assert init in ("none", "backbone") or init in catalogue()
    assert settings.keys() <= {setting.name for setting in fields(Recipe)}
    recipe = Recipe(**settings)
    assert recipe.freeze_steps < recipe.steps
    assert recipe.warmup < recipe.steps


def test_all_that_ship_are_offered() -> None:
    assert {"synth", "icdar15", "finetune", "short"} <= shipped_recipes().keys()


def test_only_the_first_of_several_processes_talks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RANK", "1")
    assert chosen("--dataset", "synth")["steps"] == read_recipe(shipped_recipes()["synth"])["steps"]
    assert capsys.readouterr().err == ""


def test_an_option_wins_wherever_it_stands(tmp_path: Path) -> None:
    path = str(written(tmp_path, "steps: 9\nbatch: 4\ndataset: [synth]\n"))
    for arguments in (["--steps", "3", "--recipe", path], ["--recipe", path, "--steps", "3"]):
        assert chosen(*arguments) == {"steps": 3, "batch": 4, "dataset": ["synth"]}


def test_an_option_that_is_the_default_wins_too(tmp_path: Path) -> None:
    path = str(written(tmp_path, "steps: 9\ndataset: [synth]\n"))
    default = str(Recipe().steps)
    assert chosen("--recipe", path, "--steps", default)["steps"] == Recipe().steps


def test_other_datasets_do_not_inherit_the_recipes_folders(tmp_path: Path) -> None:
    path = str(written(tmp_path, "dataset: [quads]\ndata: [/somewhere]\n"))
    assert chosen("--recipe", path)["data"] == ["/somewhere"]
    assert chosen("--recipe", path, "--data", "moved")["data"] == ["moved"]
    assert chosen("--recipe", path, "--dataset", "words") == {"dataset": ["words"]}


def test_a_number_may_be_written_as_people_do(tmp_path: Path) -> None:
    text = "learning_rate: 1e-3\nsave_minutes: 5\noptimiser: sgd\nema: 0.99\n"
    settings = read_recipe(written(tmp_path, text))
    assert settings == {
        "learning_rate": 0.001,
        "save_minutes": 5.0,
        "optimiser": "sgd",
        "ema": 0.99,
    }
    assert type(settings["save_minutes"]) is float
    assert read_recipe(written(tmp_path, "# nothing but this\n")) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stepz: 3", "stepz is not a setting (did you mean steps?). The settings are dataset,"),
        ("learning-rate: 0.1", "did you mean learning_rate?"),
        ("qqq: 3", "qqq is not a setting. The settings are dataset, data, init, network, steps,"),
        ("steps: many", 'steps is "many", must be a whole number'),
        ("steps: 1.5", "steps is 1.5, must be a whole number"),
        ("steps: true", "steps is true, must be a whole number"),
        ("steps:", "steps is null, must be a whole number"),
        ("learning_rate: fast", 'learning_rate is "fast", must be a number'),
        ("learning_rate: true", "learning_rate is true, must be a number"),
        ("optimiser: lion", 'optimiser is "lion", must be one of adamw, sgd'),
        ("optimiser: [adamw]", 'optimiser is ["adamw"], must be one of adamw, sgd'),
        ("network: 3", "network is 3, must be a text"),
        ("dataset: synth", 'dataset is "synth", must be a list of texts'),
        ("dataset: [1]", "dataset is [1], must be a list of texts"),
        ("init: 3", "init is 3, must be a text"),
        ("steps", "expected lines such as 'steps: 1000', found \"steps\""),
        ("- steps", "expected lines such as"),
        ("steps: [3", "cannot be read as YAML (line 1: expected"),
        ("a: 1\nb: 2: 3", "cannot be read as YAML (line 2: "),
        ("steps: \x07", "cannot be read as YAML ("),
        pytest.param("steps: " + 5000 * "9", "cannot be read as YAML (", id="long"),
        ("learning_rate: .inf", "learning_rate is inf: must be finite"),
        pytest.param("ema: " + 400 * "9", ", must be a number", id="large"),
        pytest.param(
            "# " + 2**18 * "x", "larger than 256 KiB, too large for a recipe", id="large file"
        ),
        pytest.param(5000 * "[", "cannot be read as YAML (", id="deep"),
        ("crop: 100", "crop is 100: must be a multiple of 32"),
        ("batch: 3\naccumulate: 2", "batch is 3: must be a multiple of accumulate"),
    ],
)
def test_a_mistake_in_a_recipe_is_one_sentence(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, text)
    assert main(["train", "--dataset", "synth", "--recipe", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"craftlite train: {path}: ")
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--recipe", "nowhere"], "nowhere: no such recipe; give a YAML file or one of finetune,"),
        (["--recipe", "."], "no such recipe"),
        (["--recipe", "synth"], "at least one --dataset"),
        (["--resume"], "at least one --dataset"),
        (["--dataset", "synth", "--init", "nowhere"], "nowhere: no such weights"),
    ],
)
def test_wrong_usage_is_two_and_a_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_a_recipe_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "picture.yaml"
    path.write_bytes(b"\x89PNG\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read as YAML"):
        read_recipe(path)


def test_weights_to_start_from_are_a_name_a_file_or_none(tmp_path: Path) -> None:
    network = "craftlite-small"
    assert starting_weights(None, network) is None
    assert starting_weights("none", network) is None
    found = starting_weights("craftlite-small", network)
    assert found is not None
    assert found.is_file()
    assert found.suffix == ".safetensors"
    assert starting_weights(str(found), network) == found
    with pytest.raises(ConfigError, match="ONNX cannot be trained"):
        starting_weights(str(found.with_suffix(".onnx")), network)
    with pytest.raises(WeightsError, match="no such weights"):
        starting_weights(str(tmp_path / "none.safetensors"), network)


def test_a_detector_goes_on_as_the_network_that_its_weights_are_of() -> None:
    shipped = catalogue()
    assert network_of(shipped["craftlite-small"].torch) == "craftlite-small-v2"
    assert network_of(shipped["craftlite-small-synth"].torch) == "craftlite-small"
    assert network_of(backbones()["rexnet-lite"].file) == Recipe.network == network_of(None)


def test_the_backbone_that_ships_is_taken_for_the_network_whose_body_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lite = backbones()["rexnet-lite"].file
    assert starting_weights("backbone", "craftlite-small") == lite
    assert starting_weights("rexnet-lite", "craft-vgg16") == lite
    assert capsys.readouterr().err == ""
    assert starting_weights("backbone", "craft-vgg16") is None
    assert "no pretrained backbone is shipped for craft-vgg16" in capsys.readouterr().err


def test_generated_text_is_learnt_from_the_pretrained_backbone() -> None:
    assert chosen("--dataset", "synth")["init"] == "backbone"


def test_finetuning_starts_from_the_weights_that_ship_unless_told_otherwise() -> None:
    assert chosen("--dataset", "words")["init"] == "craftlite-small"
    assert chosen("--dataset", "words", "--init", "none")["init"] == "none"


def test_resuming_needs_the_folder_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = "dataset: [quads]\ndata: [/somewhere]\ninit: null\nsteps: 77\n"
    (tmp_path / "config.yaml").write_text(record)
    expected = {"dataset": ["quads"], "data": ["/somewhere"], "init": None, "steps": 77}
    args = parser().parse_args(["--resume", "--out", str(tmp_path)])
    assert choose(args) == (tmp_path, expected)
    assert capsys.readouterr().err == ""
    # The command that began it, with --resume, means the same; another recipe is heeded.
    again = chosen("--dataset", "quads", "--data", "x", "--resume", "--out", str(tmp_path))
    assert again == expected | {"data": ["x"]}
    path = str(written(tmp_path, "steps: 5\ndataset: [synth]\n"))
    other = chosen("--recipe", path, "--resume", "--out", str(tmp_path))
    assert other == {"steps": 5, "dataset": ["synth"]}


def test_a_run_folder_is_named_after_its_datasets() -> None:
    assert default_out(["icdar15:4", "synth"]) == Path("runs/icdar15-synth")
    args = parser().parse_args(["--dataset", "synth"])
    assert choose(args)[0] == Path("runs/synth")
