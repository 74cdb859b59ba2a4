"""`check SHOW` with painters: style pictures, and networks that have to be fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Check, picture, stands_at
from vj.core.fetched import SHA256


def test_style_pictures_are_opened_and_folders_of_them_looked_through(
    look: Check, tmp_path: Path
) -> None:
    (tmp_path / "art").mkdir()
    (tmp_path / "blank").mkdir()
    picture(tmp_path / "a.png")
    picture(tmp_path / "art" / "b.png")
    code, wrong, _ = look("model: picture\nstyle_pictures: [a.png, art]\n")
    assert (code, wrong) == (0, [])
    (tmp_path / "art" / "c.jpg").write_text("no picture")
    code, wrong, _ = look(
        "model: pocket\nstyle_pictures:\n  - a.png\n  - no.png\n  - art\n  - blank\n"
        "models:\n  cats:\n    name: picture\n    style_pictures: cat.png\n"
    )
    assert code == 1
    stands_at(
        wrong,
        (4, "no.png: no such file"),
        (5, "c.jpg: is no picture"),
        (6, "no picture is in"),
        (10, "cat.png: no such file"),
    )


def test_style_pictures_that_nothing_has_are_warned_of(look: Check, tmp_path: Path) -> None:
    picture(tmp_path / "waves.png")
    picture(tmp_path / "cat.png")
    text = (
        "model: {}\nstyle_pictures: waves.png\nmodels:\n"
        "  cats: {{name: {}, style_pictures: cat.png}}\n"
        "cues:\n  - {{name: a, set: {{image/styles: 'Waves, cat, wafes'}}}}\n"
    )
    code, _, messages = look(text.format("picture", "picture"))
    said = [one for one in messages if "no style picture is called" in one]
    assert (code, len(said)) == (0, 1)
    assert "my.yaml:6:" in said[0]
    assert "'wafes'; did you mean 'waves'?" in said[0]
    _, _, messages = look(text.format("pocket", "picture"))
    assert any("no style picture is called 'Waves'" in one for one in messages)
    _, _, messages = look("model: pocket\nstart: {image/styles: waves}\n")
    assert not any("style picture" in one for one in messages)


def test_a_painter_that_was_not_fetched_is_told_with_the_command(look: Check) -> None:
    code, _, messages = look("model: styles\nmodels: {cats: picture}\n")
    assert code == 0
    for name in ("styles", "picture"):
        told = f"model {name}: is not installed: python3 launch.py add painters; until then"
        assert any(told in one for one in messages), messages


def test_a_model_of_ours_is_not_for_the_package(look: Check) -> None:
    for name in ("pocket", "styles", "picture"):
        code, wrong, _ = look(f"engine: streamdiffusion\nmodel: {name}\n")
        assert code == 1
        assert any(
            f"1: engine streamdiffusion: the package does not play model: {name}; " in one
            for one in wrong
        ), wrong


def test_networks_that_are_not_as_they_were_fetched_are_told_with_the_command(
    look: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SHA256:
        (tmp_path / name).write_bytes(b"")
    monkeypatch.setattr("vj.core.fetched.models_folder", lambda prefix="": tmp_path)
    code, _, messages = look(
        "model: picture\nmodels: {ink: styles}\nstart: {mask/mode: person, lines/from: body}\n"
    )
    assert code == 0
    for what, files, part in (
        ("model styles", "multistyle26.onnx was", "painters"),
        ("model picture", "arbitrary_predict.onnx, arbitrary_transform.onnx were", "painters"),
        ("mask/mode person", "selfie_segmentation_landscape.tflite were", "person"),
        ("lines/from body", "pose_landmark_full.tflite were", "person"),
    ):
        told = [one for one in messages if f"{what}: " in one]
        assert len(told) == 1, messages
        assert f"{files} altered: python3 launch.py add {part}; " in told[0]
