"""The files that a hub and a code host read: cards' front matter, the citation, the change log."""

import re
from pathlib import Path

import pytest

from craftlite import __version__
from craftlite.weights import backbones, catalogue

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[2]
DETECTION, BACKBONE = "object-detection", "image-classification"


@pytest.mark.parametrize("name", [*catalogue(), *backbones()])
def test_a_card_begins_with_what_a_hub_reads(name: str) -> None:
    card = (ROOT / "weights" / f"{name}.md").read_text("utf-8")
    found = re.match(r"---\n(.*?)\n---\n\n# ", card, re.DOTALL)
    assert found
    facts = yaml.safe_load(found[1])
    assert facts["pipeline_tag"] == (DETECTION if name in catalogue() else BACKBONE)
    assert {"license", "library_name", "tags", "datasets", "metrics"} <= facts.keys()
    base = facts.get("base_model")
    assert base is None or base in {**catalogue(), **backbones()}


def test_every_file_has_the_version_of_the_package() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'\nversion = "{__version__}"\n' in project
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == __version__
    assert {"cff-version", "message", "title", "authors", "license"} <= citation.keys()
    assert f"\n## {__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_issue_forms_ask_for_something() -> None:
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    assert forms
    for form in forms:
        facts = yaml.safe_load(form.read_text("utf-8"))
        if form.stem != "config":
            assert facts["name"] and facts["description"]
            assert any(part["validations"]["required"] for part in facts["body"][1:])
