"""The translators that come with vj: small, with cards that say how they were made, called by a
word; and they paint what they are called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.diffusion.translators import folder_of
from vj.core.frame import Size
from vj.diffusion.model_names import WORDS, find_model, is_built_in, trained_side
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.translator_model import TranslatorModel, load_translator_model
from vj.kernels.cv_field import FieldMaker
from vj.show.paths import MODEL_WORDS
from vj.sources.drawn import make_scene, still
from vj.sources.drawn.face_shape import FaceLook, face_points
from vj.sources.drawn.fox import PLACE, Fox
from vj.translator.card import CARD, CARD_TEXT, FILE, read_card
from vj.translator.conditions import Conditioner, luma_of, style_numbers
from vj.translator.shipped import FOLDER, SHIPPED
from vj.translator.trackers import Found, drawn

SIDE = 256
SIDES = {"paintbox": 192}
EDGES = {"paintbox": 0.6}
"""Its drawings have lines that mean nothing, and not all that there are."""
MOST_BYTES = 3_000_000


def test_every_show_knows_the_names_that_the_loader_knows() -> None:
    assert sorted(MODEL_WORDS) == sorted(["pocket", *WORDS, *SHIPPED])


@pytest.mark.parametrize("name", SHIPPED)
def test_each_is_small_and_says_how_it_was_made(name: str) -> None:
    folder = FOLDER / name
    assert find_model(name) == ("translator", folder)
    assert is_built_in(name)
    assert trained_side(name) == SIDES.get(name, SIDE)
    assert sorted(path.name for path in folder.iterdir()) == sorted([CARD, CARD_TEXT, FILE])
    assert (folder / FILE).stat().st_size <= MOST_BYTES
    card = read_card(folder)
    assert card.name == name
    assert all(clip.startswith("drawn:") for clip in card.clips), "nobody's footage"
    assert card.command.startswith(f"python3 launch.py train {' '.join(card.clips)} --from")
    assert card.minutes >= 10
    assert card.figures["edge agreement"] > EDGES.get(name, 0.7)
    assert card.as_text() == (folder / CARD_TEXT).read_text(encoding="utf-8")


def test_a_folder_of_the_same_name_is_meant_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mine = folder_of("lines", tmp_path)
    mine.rename(tmp_path / "kiss")
    mine = folder_of("lines", tmp_path)
    assert find_model("kiss").path == FOLDER / "kiss"
    for name, path in {"models/kiss": mine, "./kiss": tmp_path / "kiss"}.items():
        assert find_model(name).path.resolve() == path
        assert trained_side(name) == 64


def shipped(name: str) -> TranslatorModel:
    model = load_translator_model(
        ModelSpec(name), FOLDER / name, torch.device("cpu"), torch.float32
    )
    assert model.name == name
    return model


def painted(model: TranslatorModel, condition: np.ndarray) -> np.ndarray:
    """(H, W, 3) float32, 0..255: what is painted of a condition alone."""
    grey = np.full((*condition.shape[:2], 3), 0.5, np.float32)
    white = np.random.default_rng(1).standard_normal(condition.shape[:2], np.float32)
    form = FieldMaker(SIDE, SIDE, 1.0).make(luma_of(condition), white, 1.0)
    planes = np.stack([form.texture, form.along_x, form.along_y])
    field = torch.from_numpy(planes)[None]
    out = model.paint(np.concatenate([grey, condition], 2), field, style_numbers(1, 0, 1))
    return np.clip(out[0].permute(1, 2, 0).numpy() * 127.5 + 127.5, 0, 255)


def hues(picture: np.ndarray) -> np.ndarray:
    """Colours of a picture without its light: mean and spread of red - green and green - blue."""
    apart = np.diff(picture.astype(np.float32), axis=2).reshape(-1, 2)
    return np.concatenate([apart.mean(0), apart.std(0)])


def test_of_the_lines_of_a_crash_kiss_paints_in_the_colours_of_a_kiss() -> None:
    model = shipped("kiss")
    lines = Conditioner(model.kind, model.settings)
    kiss = still("kiss", Size(SIDE, SIDE))
    for name in ("crash", "drive"):
        given = still(name, Size(SIDE, SIDE))
        made = painted(model, lines.of(given))
        to_kiss, to_given = (
            np.linalg.norm(hues(made) - hues(other.astype(np.float32))) for other in (kiss, given)
        )
        assert to_kiss < 0.75 * to_given, name
    truth = make_scene("kisses", Size(SIDE, SIDE)).draw(45.0).astype(np.float32)
    again = painted(model, lines.of(truth.astype(np.uint8)))
    assert float(np.abs(again - truth).mean()) < 25, "of its own lines it paints the two"


def test_the_fox_does_what_its_face_does() -> None:
    model, fox = shipped("fox"), make_scene("fox", Size(SIDE, SIDE))
    assert isinstance(fox, Fox)

    def of(pose: FaceLook) -> np.ndarray:
        points = fox._pixels(face_points(pose))
        return painted(
            model, drawn(Found(face=points), (SIDE, SIDE), model.settings.width)[..., None]
        )

    rest = FaceLook(x=PLACE[0], y=PLACE[1])
    silent, speaking = of(rest), of(replace(rest, jaw=1.0))
    assert float(np.abs(silent - fox.drawn(rest)).mean()) < 20
    x, y = np.rint(fox._pixels(face_points(replace(rest, jaw=1.0)))[[13, 14]].mean(0)).astype(int)
    mouth = np.s_[y - 4 : y + 4, x - 4 : x + 4]
    assert silent[mouth].mean() - speaking[mouth].mean() > 30, "it is dark between the lips"
    asleep = of(replace(rest, eyes=(1.0, 1.0)))
    x, y = np.rint(fox._pixels(face_points(rest))[[159, 145]].mean(0)).astype(int)
    eye = np.s_[y - 12 : y + 13, x - 12 : x + 13]
    white = [int((one[eye].min(axis=2) > 170).sum()) for one in (silent, asleep)]
    assert white[0] > 4 * white[1] + 20, "the whites of its eyes are behind its lids"
    noses = []
    for turn in (-0.5, 0.5):
        looks = of(replace(rest, turn=turn)).max(axis=2)
        row = looks[138:160, 70:186]
        noses.append(float((np.arange(row.shape[1]) * (row < 90)).sum() / max(1, (row < 90).sum())))
    assert noses[1] - noses[0] > 12, "its nose points to where it looks"
