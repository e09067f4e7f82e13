"""The search, on scores that are known, and what it writes."""

import json
import shutil
from pathlib import Path

import pytest

from craftlite.calibration import Calibration
from craftlite.errors import ConfigError, WeightsError
from craftlite.evaluate.score import Score
from craftlite.evaluate.tune import (
    HEADING,
    LEVELS,
    SCORES,
    Tuning,
    search,
    sides_around,
    write_calibration,
    write_tuning,
)
from craftlite.postprocess import Thresholds
from craftlite.weights import catalogue, find_weights, folder

START = Thresholds(text=0.7, link=0.4, low=0.4)


def hill(side: int, levels: Thresholds) -> Score:
    """Best at 1280, text 0.55, link 0.25, low 0.5, growth 1.5."""
    away = abs(levels.text - 0.55) + abs(levels.link - 0.25) + abs(levels.low - 0.5)
    away += abs(levels.growth - 1.5)
    good = 100 - 10 * away - abs(side - 1280) / 100
    return Score(1, 100, 100, good, good)


def test_search_finds_the_top_of_a_hill() -> None:
    steps = list(search([hill], START, [960, 1280, 1600]))
    best = steps[-1]
    top = Thresholds(text=0.55, link=0.25, low=0.5, growth=1.5)
    assert (best.long_side, best.thresholds) == (1280, top)
    assert best.hmean == pytest.approx(1)
    assert [step.hmean for step in steps] == sorted(step.hmean for step in steps)
    assert best.tried < 3 * 4 * 4 * len(LEVELS)


def test_search_stays_where_nothing_is_better() -> None:
    flat = Score(1, 10, 10, 5, 5)
    [best] = search([lambda side, levels: flat], START, [1280])
    assert (best.long_side, best.thresholds) == (1280, START)


def test_no_text_threshold_below_low_text_is_tried() -> None:
    tried: list[Thresholds] = []

    def trial(side: int, levels: Thresholds) -> Score:
        tried.append(levels)
        return hill(side, levels)

    list(search([trial], START, [1280]))
    assert all(levels.text >= levels.low for levels in tried)
    assert len(tried) == len(set(tried))


def test_sides_are_multiples_of_32() -> None:
    assert sides_around(1440) == [960, 1216, 1440, 1664, 1920]
    assert min(sides_around(32)) == 32


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    file = tmp_path / "mine.onnx"
    file.touch()
    return file


TUNING = Tuning(1216, Thresholds(text=0.55, link=0.25, low=0.5), [Score(1, 4, 4, 3, 3)], 77)


def test_what_was_chosen_is_found_again_beside_the_weights(weights: Path) -> None:
    assert find_weights(weights).tuned is None
    settings, card = write_tuning(find_weights(weights), TUNING, "on here val")
    entry = find_weights(weights)
    assert (entry.long_side, entry.thresholds) == (1216, TUNING.thresholds)
    assert (entry.tuned, settings.name, card.name) == ("on here val", "mine.json", "mine.md")
    assert "the best H-mean among 77 combinations, 0.7500" in card.read_text()


def test_shipped_weights_are_used_as_tuned_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in folder().glob("*.json"):
        shutil.copy(file, tmp_path)
    for module in ("weights", "evaluate.tune"):
        monkeypatch.setattr(f"craftlite.{module}.folder", lambda: tmp_path)
    try:
        write_tuning(find_weights("craftlite-small"), TUNING, "on here val")
        entry = find_weights("craftlite-small")
    finally:
        catalogue.cache_clear()
    assert (entry.long_side, entry.thresholds) == (1216, TUNING.thresholds)
    assert HEADING in (tmp_path / "craftlite-small.md").read_text()


def test_the_card_keeps_the_rest_and_has_the_section_once(weights: Path) -> None:
    card = weights.with_name("card.md")
    card.write_text("# mine\n\nA table.\n\n## Data\n\nSome.\n")
    for side in (960, 1216):
        write_tuning(find_weights(weights), TUNING._replace(long_side=side), "on here val")
        text = card.read_text()
        assert text.startswith(f"# mine\n\nA table.\n\n{HEADING}\n\n")
        assert (
            "pictures that they were chosen on, the figures are slightly optimistic.\n\n## Scores"
            in text
        )
        assert text.endswith("it is not calibrated.\n\n## Data\n\nSome.\n")
        assert text.count(HEADING) == text.count(SCORES) == 1
        assert f"long side {side} pixels" in text


def test_a_calibration_is_kept_beside_weights_and_replaced_alone(weights: Path) -> None:
    first = Calibration(-9.5, 8, 2.25, -0.5, "on here val", 0.031)
    write_tuning(find_weights(weights), TUNING, "on here val", None, first)
    entry = find_weights(weights)
    assert entry.calibration == first
    second = Calibration(-8, 8, 2.25, -0.5, "on there val", 0.02)
    _, card = write_calibration(entry, second)
    again = find_weights(weights)
    assert again.calibration == second
    assert (again.thresholds, again.tuned) == (entry.thresholds, entry.tuned)
    assert "calibrated on there val" in card.read_text() and HEADING in card.read_text()
    # Thresholds that are chosen later do not keep a calibration for others.
    write_tuning(entry, TUNING, "on here val")
    assert find_weights(weights).calibration is None


@pytest.mark.parametrize(
    "change",
    [
        *({"peak": float("nan")}, {"mean": "8"}, {"height": None}, {"bias": True}),
        *({"error": 1.5}, {"fitted": 3}, {"slope": 1.0}),
    ],
)
def test_a_damaged_calibration_is_named(weights: Path, change: dict[str, object]) -> None:
    calibration = Calibration(-9.5, 8, 2.25, -0.5, "on here val", 0.031)
    settings, _ = write_tuning(find_weights(weights), TUNING, "on here val", None, calibration)
    content = json.loads(settings.read_text())
    content["calibration"] |= change
    settings.write_text(json.dumps(content))
    with pytest.raises(WeightsError, match=r"mine\.json: expected what craftlite eval --tune"):
        find_weights(weights)


def test_settings_of_before_have_no_calibration(weights: Path) -> None:
    settings, _ = write_tuning(find_weights(weights), TUNING, "on here val")
    content = json.loads(settings.read_text())
    del content["calibration"]
    settings.write_text(json.dumps(content))
    assert find_weights(weights).calibration is None


def test_datasets_count_the_same_whatever_their_size() -> None:
    large, small = Score(900, 9000, 9000, 9000, 9000), Score(1, 10, 10, 5, 5)

    def of_large(side: int, levels: Thresholds) -> Score:
        return Score(900, 9000, 9000, 6300, 6300) if levels.low == 0.2 else large

    def of_small(side: int, levels: Thresholds) -> Score:
        return Score(1, 10, 10, 9, 9) if levels.low == 0.2 else small

    *_, best = search([of_large, of_small], START, [1280])
    assert best.thresholds.low == 0.2  # (0.7 + 0.9) / 2 is more than (1 + 0.5) / 2
    assert best.hmean == pytest.approx(0.8)


def test_a_datasets_own_thresholds_are_kept_under_its_name(weights: Path) -> None:
    own = {
        "streets": TUNING._replace(thresholds=Thresholds(0.7, 0.4, 0.4)),
        "pages": TUNING._replace(scores=[Score(1, 4, 4, 4, 4)]),
    }
    both = TUNING._replace(scores=[Score(1, 4, 4, 2, 2), Score(1, 4, 4, 3, 3)])
    _, card = write_tuning(find_weights(weights), both, "on streets and pages", own)
    entry = find_weights(weights)
    assert entry.preset("streets") == Thresholds(0.7, 0.4, 0.4)
    assert entry.hmean == 0.625
    assert (
        "| streets | 50.00% | 75.00% | text 0.7, link 0.4, low 0.4, growth 1 |" in card.read_text()
    )
    assert "mean of the datasets' H-means among 77 combinations, 0.6250. On" in card.read_text()
    with pytest.raises(ConfigError, match=r"--thresholds signs: .*they have streets, pages"):
        entry.preset("signs")
    with pytest.raises(ConfigError, match="they have none"):
        find_weights("craftlite-small-synth").preset("pages")


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"thresholds": {"text": 2}, "long_side": 9, "tuned": ""}',
     '{"thresholds": {}, "long_side": 9, "tuned": "", "hmean": 0, "presets": {"a": 3}}',
     '{"thresholds": {"texts": 0.2}, "long_side": 9, "tuned": ""}', '{"long_side": 9}'],
)  # fmt: skip
def test_a_damaged_file_beside_the_weights_is_told(weights: Path, content: str) -> None:
    weights.with_suffix(".json").write_text(content)
    with pytest.raises(
        WeightsError, match=r"mine\.json: expected what craftlite eval --tune writes"
    ):
        find_weights(weights)


def test_the_catalogue_says_where_its_thresholds_are_from() -> None:
    assert json.dumps(find_weights("craftlite-small").tuned).startswith('"on icdar15 val')
