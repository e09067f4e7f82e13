"""Texts are words without spaces, of many kinds, made up or from a list."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from craftlite.errors import DatasetError
from craftlite.synth.typesetting.scripts import NEEDED, common_characters, script_of
from craftlite.synth.typesetting.vocabulary import Vocabulary, read_vocabulary


def texts(script: str, count: int, vocabulary: Vocabulary | None = None) -> list[str]:
    rng = np.random.default_rng(0)
    return [(vocabulary or Vocabulary()).text(rng, script) for _ in range(count)]


@pytest.mark.parametrize("script", NEEDED)
def test_texts_are_words_in_their_script_and_repeat_with_the_seed(script: str) -> None:
    made = texts(script, 400)
    assert all(text and text.isprintable() and " " not in text for text in made)
    assert all(unicodedata.is_normalized("NFC", text) for text in made)
    assert len(set(made)) > 200
    assert sum(script_of(text) == script for text in made) > 200
    assert any(len(text) == 1 and not text.isdigit() for text in made)
    assert any(text.isdigit() for text in made)
    assert texts(script, 400) == made


def test_latin_has_every_kind_of_text() -> None:
    made = texts("latin", 3000)
    letters = [text for text in made if text.isalpha()]
    for kind in (str.isupper, str.islower, str.istitle):
        assert sum(map(kind, letters)) > 100
    for sign in ("€", "%", ":", "-", "www.", "@", "!", "(", "'s"):
        assert any(sign in text for text in made)
    assert any(not text.isascii() for text in letters)
    assert 4 < np.mean([len(text) for text in made]) < 7


def test_a_list_gives_the_words_of_its_scripts_and_the_others_are_made() -> None:
    vocabulary = Vocabulary.from_lines(
        ["Fahrrad", "cafe\u0301", "", "Fahrrad", "자전거 도로", "x" * 50]
    )
    assert vocabulary.given == {"latin": ("Fahrrad", "café"), "hangul": ("자전거", "도로")}
    latin = {text for text in texts("latin", 300, vocabulary) if text.isalpha() and len(text) > 3}
    assert latin == {"Fahrrad", "café", "FAHRRAD", "CAFÉ"}
    assert len({text for text in texts("greek", 300, vocabulary) if text.isalpha()}) > 100


def test_a_word_list_is_read_or_named(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeffeins\r\nzwei\r\n".encode())
    assert read_vocabulary(path).given == {"latin": ("eins", "zwei")}
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match=r"words\.txt"):
        read_vocabulary(path)
    path.write_text("\n \n")
    with pytest.raises(DatasetError, match="contains no words"):
        read_vocabulary(path)
    with pytest.raises(DatasetError, match="nowhere"):
        read_vocabulary(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("script", "count"), [("chinese", 3755), ("japanese", 2965), ("hangul", 2350)]
)
def test_common_characters_are_those_of_the_standard(script: str, count: int) -> None:
    characters = common_characters(script)
    assert len(characters) == len(set(characters)) == count


@pytest.mark.parametrize(
    ("text", "script"),
    [("abc1", "latin"), ("12", "latin"), ("Ωmega", "greek"), ("Я", "cyrillic"), ("한글", "hangul")],
)
def test_script_of_a_text(text: str, script: str) -> None:
    assert script_of(text) == script


@given(st.text())
def test_every_text_has_a_script(text: str) -> None:
    assert script_of(text) in NEEDED


def test_chinese_characters_beside_kana_are_japanese() -> None:
    assert script_of("日本") == "chinese"
    assert script_of("日の出") == "japanese"
