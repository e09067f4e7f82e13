"""Weights under the MIT licence learnt from free sources alone, and their card says so."""

import csv
import re

import pytest

from craftlite.weights import catalogue, folder

FREE_NAMES = [name for name, entry in catalogue().items() if entry.licence == "MIT"]
# What Debian's main section holds, which is free by its guidelines; "LicenseRef" are texts of the
# authors' own that allow every use.
FREE_LICENCES = {
    *("AGPL-3.0-only", "Apache-2.0", "Arphic-1999", "Artistic-1.0", "Bitstream-Vera"),
    *("BSD-3-Clause", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC0-1.0"),
    *("GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "IPA"),
    *("LGPL-2.0-or-later", "LGPL-2.1-only", "MIT", "mplus", "OFL-1.1", "Zlib"),
    *("LicenseRef-public-domain", "LicenseRef-free-for-any-use", "LicenseRef-oradano"),
    *("LicenseRef-ParaType", "LicenseRef-Baekmuk", "LicenseRef-Batang"),
    "LicenseRef-Ubuntu-Font-1.0",
}
LISTS = ("craftlite-free-photographs.csv", "craftlite-free-fonts.csv")
RESEARCH = re.compile(r"icdar|mlt|bsds|imagenet|coco|textocr|synthtext", re.IGNORECASE)


def rows_of(name: str) -> list[dict[str, str]]:
    with (folder() / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def licences_of(expression: str) -> set[str]:
    """The licences of an SPDX expression, without exceptions that only allow more."""
    parts = re.split(r" (?:AND|OR) ", expression)
    return {part.split(" WITH ")[0] for part in parts}


@pytest.mark.parametrize("name", LISTS)
def test_every_source_names_its_package_version_and_a_free_licence(name: str) -> None:
    rows = rows_of(name)
    assert len(rows) >= 100
    for row in rows:
        assert row["package"] and row["version"]
        assert licences_of(row["licence"]) <= FREE_LICENCES, row


def test_some_weights_are_free() -> None:
    assert "craftlite-free" in FREE_NAMES


@pytest.mark.parametrize("name", FREE_NAMES)
def test_the_card_of_free_weights_names_free_sources_alone(name: str) -> None:
    card = (folder() / f"{name}.md").read_text("utf-8")
    front = card.split("---")[1]
    assert "license: mit" in front
    assert "datasets:" not in front and "base_model: craftlite-small" not in front
    if name == "craftlite-free":
        assert all(source in card for source in LISTS)
        sources = card.split("## Sources and their licences")[1].split("\n## ")[0]
        assert not RESEARCH.search(sources)
