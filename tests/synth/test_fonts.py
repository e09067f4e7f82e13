"""Faces say what they can write, and give each character an outline of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables.TupleVariation import TupleVariation

from craftlite.errors import DatasetError
from craftlite.synth.typesetting.fonts import Face, FaceId, find_faces
from craftlite.synth.typesetting.scripts import NEEDED


def test_each_character_has_its_own_outline_even_where_the_face_has_a_ligature(
    dejavu: Face,
) -> None:
    shaped = dejavu.shape("office fl")
    assert shaped is not None
    assert len(shaped.glyphs) == len(shaped.pens) == len("office fl")
    f, another = shaped.glyphs[1], shaped.glyphs[2]
    assert np.array_equal(f.points, another.points)
    assert shaped.glyphs[6].sizes == ()


def test_pairs_are_kerned(dejavu: Face) -> None:
    pair, apart = dejavu.shape("AV"), dejavu.shape("A V")
    assert pair is not None
    assert apart is not None
    assert pair.pens[1] < apart.advances[0] - 0.02


def test_outlines_are_in_ems_with_y_down_and_holes_told(dejavu: Face) -> None:
    shaped = dejavu.shape("OiT")
    assert shaped is not None
    ring, dotted, plain = shaped.glyphs
    assert ring.holes == (False, True)
    assert dotted.holes == (False, False)
    assert plain.holes == (False,)
    assert plain.points[:, 1].max() == pytest.approx(0, abs=0.01)
    assert plain.points[:, 1].min() == pytest.approx(-0.73, abs=0.02)
    assert sum(ring.sizes) == len(ring.points)


def test_curves_stay_near_the_circle_that_they_draw(dejavu: Face) -> None:
    shaped = dejavu.shape(".○")
    assert shaped is not None
    outline = shaped.glyphs[1].points[: shaped.glyphs[1].sizes[0]]
    radii = np.linalg.norm(outline - (outline.min(axis=0) + outline.max(axis=0)) / 2, axis=1)
    assert np.ptp(radii) < 0.02 * radii.mean()


def test_missing_characters_are_told(dejavu: Face) -> None:
    assert dejavu.covers("Straße Ω Я")
    assert not dejavu.covers("한")
    assert dejavu.shape("a한b") is None


def test_a_character_that_needs_two_glyphs_or_shares_one_is_refused(dejavu: Face) -> None:
    assert dejavu.shape("e\u0301") is None
    assert dejavu.shape("é") is not None


def test_faces_are_found_by_script_and_each_design_once(
    tmp_path: Path, dejavu_file: Path, write_font: Callable[[Path, str], None]
) -> None:
    (tmp_path / "deep").mkdir()
    shutil.copy(dejavu_file, tmp_path / "deep" / "a.TTF")
    shutil.copy(dejavu_file, tmp_path / "b.ttf")
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    (tmp_path / "empty.otf").write_bytes(b"")
    write_font(tmp_path / "hangul.ttf", NEEDED["hangul"])
    faces = find_faces(tmp_path)
    assert set(faces) == {"latin", "greek", "cyrillic", "hangul"}
    assert faces["latin"] == (FaceId(str(tmp_path / "b.ttf")),)
    assert faces["hangul"] == (FaceId(str(tmp_path / "hangul.ttf")),)


def test_a_folder_whose_faces_write_nothing_known_is_named(
    tmp_path: Path, write_font: Callable[[Path, str], None]
) -> None:
    write_font(tmp_path / "few.ttf", "ABC")
    with pytest.raises(DatasetError, match=f"{tmp_path}: no font file there"):
        find_faces(tmp_path)


def test_a_face_that_draws_every_letter_alike_writes_nothing(
    tmp_path: Path, write_font: Callable[[Path, str], None]
) -> None:
    write_font(tmp_path / "blocks.ttf", NEEDED["latin"])
    font = TTFont(tmp_path / "blocks.ttf")
    for table in font["cmap"].tables:
        table.cmap = dict.fromkeys(table.cmap, "block0")
    font.save(tmp_path / "blocks.ttf")
    with pytest.raises(DatasetError, match="no font file there"):
        find_faces(tmp_path)


def test_a_face_whose_weight_varies_is_there_at_three_weights(
    tmp_path: Path, write_font: Callable[[Path, str], None]
) -> None:
    write_font(tmp_path / "varies.ttf", NEEDED["latin"])
    builder = FontBuilder(font=TTFont(tmp_path / "varies.ttf"))
    builder.setupFvar([("wght", 300, 400, 800, "Weight")], [])
    # The left edge of each block moves out as it gets bolder; 8 points and 4 of the metrics.
    bolder = [(-80, 0), (-80, 0), *[(0, 0)] * 10]
    names = [name for name in builder.font.getGlyphOrder() if name != ".notdef"]
    variation = TupleVariation({"wght": (0.0, 1.0, 1.0)}, bolder)
    builder.setupGvar({name: [variation] for name in names})
    builder.save(tmp_path / "varies.ttf")
    faces = find_faces(tmp_path)["latin"]
    # Nothing changes below the default weight, so that the lightest design is the default's.
    assert [face.weight for face in faces] == [300, 800]
    light, bold = (Face(face).shape("A") for face in faces)
    assert light is not None
    assert bold is not None
    assert light.glyphs[0].points[:, 0].min() == pytest.approx(0.1, abs=1e-3)
    assert bold.glyphs[0].points[:, 0].min() == pytest.approx(0.02, abs=1e-3)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere"):
        find_faces(tmp_path / "nowhere")


def test_the_face_that_comes_with_pillow_writes_latin() -> None:
    face = Face(FaceId(""))
    assert face.covers(NEEDED["latin"])
    assert face.shape("Word") is not None
