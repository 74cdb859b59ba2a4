"""The evaluation tells a model that paints from one that does not, and says which gate is
missed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vj.pocket.lexicon import PALETTES
from vj.pocket.techniques import CELLS, STROKES, TECHNIQUES
from vj.pocket.training import evaluate
from vj.pocket.training.evaluate_faces import SIDE, _anchors, _crop, load_mesh
from vj.pocket.training.evaluate_report import Measurement, Report, ReportRow
from vj.pocket.training.pictures import draw_pictures
from vj.pocket.words import understand


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return draw_pictures(1, 4242, 96)[0]


class Fog:
    """A model that lays an even grey over everything: what the gates are there to catch."""

    def __init__(self) -> None:
        self.taught = evaluate.TechniquePainter()

    def repaint(
        self, picture: np.ndarray, text: str, strength: float = 0.6, seed: int = 2
    ) -> np.ndarray:
        grey = np.full(picture.shape, 0.5, np.float32)
        return (picture / 255 + strength * (grey - picture / 255)).astype(np.float32)

    def target(
        self, picture: np.ndarray, text: str, strength: float = 0.6, seed: int = 2
    ) -> np.ndarray:
        return self.taught.target(picture, text, strength, seed)

    def mixed(self, picture: np.ndarray, first: str, second: str, share: float) -> np.ndarray:
        return self.repaint(picture, first)


def test_there_are_words_for_every_technique_and_every_palette() -> None:
    for technique in TECHNIQUES:
        meaning = understand(evaluate.prompt_for(technique))
        assert (meaning.technique, meaning.ramp) == (technique, None)
    for palette in PALETTES:
        assert understand(evaluate.prompt_for("oil", palette)).palette == palette


def test_the_targets_themselves_are_distinguished_and_fog_is_not(picture: np.ndarray) -> None:
    rows, pairs = evaluate.on_pictures(evaluate.TechniquePainter(), [picture])
    assert all(asked == seen for asked, seen in pairs)
    assert all(row.energy == pytest.approx(1) and row.along[0] == row.along[1] for row in rows)
    rows, pairs = evaluate.on_pictures(Fog(), [picture])
    assert len({seen for _, seen in pairs}) < 3, "one fog is nearest to one or two targets"
    assert sum("energy" in row.misses() for row in rows) > len(rows) / 2


def test_strength_goes_from_the_input_to_the_generated_image(picture: np.ndarray) -> None:
    apart = evaluate.distances(evaluate.TechniquePainter(), [picture], [evaluate.prompt_for("ink")])
    assert apart[0] < 1e-3
    assert np.diff(apart).min() > -1e-6
    assert apart[-1] > 0.05


def test_a_mixture_of_two_prompts_lies_between_them(picture: np.ndarray) -> None:
    ends = ((evaluate.prompt_for("oil", "fire"), evaluate.prompt_for("woodcut", "deep ocean")),)
    assert evaluate.mix_steps(evaluate.TechniquePainter(), [picture], ends, 5) > 0


def test_identical_frames_are_painted_identically_and_seeds_differ(picture: np.ndarray) -> None:
    texts = [evaluate.prompt_for("oil")]
    assert evaluate.identical(evaluate.TechniquePainter(), [picture], texts) == 1
    _, differ = evaluate.seeds_agree(evaluate.TechniquePainter(), [picture], texts)
    assert differ > 0.003
    assert evaluate.seeds_agree(Fog(), [picture], texts)[1] == 0


def test_flicker_is_the_outputs_change_over_the_cameras(picture: np.ndarray) -> None:
    """As it is played: what may be a camera's noise is kept from the model."""
    base = np.clip(picture, 40, 200)
    for step, wanted in ((30, 0.4 * 28 / 30), (2, 0.0)):
        frames = [base, base + np.uint8(step)]
        rows = [ReportRow("oil")]
        evaluate.flicker_of(Fog(), rows, frames)
        assert rows[0].flicker is not None
        assert rows[0].flicker[0] == pytest.approx(wanted, abs=0.02)


def test_a_row_says_which_gates_it_misses() -> None:
    stroke, cell = next(iter(STROKES)), next(iter(CELLS))
    assert ReportRow(stroke, energy=0.7, along=(0.84, 0.9)).misses() == ["energy", "form"]
    assert ReportRow(cell, along=(0.56, 0.6)).misses() == []
    assert ReportRow(cell, along=(0.5, 0.6)).misses() == ["form"]
    assert ReportRow(cell, faces=(0.5, 0.9), flicker=(2.1, 1.0)).misses() == ["faces", "flicker"]
    assert ReportRow(cell, faces=(0.1, 0.3)).misses() == [], "the target fails, so no gate"


def test_the_report_names_what_was_missed_and_mistaken() -> None:
    names = list(TECHNIQUES)
    table = np.zeros((len(names), len(names)), int)
    table[0, 0], table[0, 3] = 3, 1
    figures = [Measurement("right palette", 0.5, 0.97), Measurement("flicker", 3, 2, True)]
    report = Report(figures, [ReportRow(names[0])], table)
    assert not report.reached
    messages = report.markdown()
    assert "| right palette | 0.5 **missed** | at least 0.97 |" in messages
    assert "| flicker | 3 **missed** | at most 2 |" in messages
    assert f"| {names[0]} | {names[3]} | 1 of 4 |" in messages


def test_the_faces_crop_is_turned_and_scaled_about_its_middle() -> None:
    crop = _crop(50, 40, 30, np.deg2rad(90))
    assert crop @ [50, 40, 1] == pytest.approx([SIDE / 2, SIDE / 2])
    assert crop @ [50, 55, 1] == pytest.approx([SIDE, SIDE / 2]), "down becomes to the right"
    assert len(_anchors()) == 896


def test_missing_face_models_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"face_landmark\.tflite and face_detection"):
        load_mesh(tmp_path)
