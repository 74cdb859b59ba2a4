"""A model folder as a show names it: found, loaded, computed in other ways, swapped in; and what is
wrong with one."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.diffusion.translators import card_of, folder_of, model_of, network_of
from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.diffusion.autotune import tune
from vj.diffusion.loading import load_model
from vj.diffusion.making import make_backend
from vj.diffusion.model_names import find_model, is_built_in, own_translators
from vj.diffusion.model_spec import LoraFile, ModelSpec
from vj.diffusion.translator_backend import TranslatorBackend
from vj.diffusion.translator_model import TranslatorModel
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline
from vj.translator.card import CARD, FILE
from vj.translator.conditions import CHANNELS
from vj.translator.model_folder import save_translator

ROOM = np.full((64, 64, 3), (190, 120, 90), np.uint8)
cv2.circle(ROOM, (30, 30), 16, (20, 60, 160), -1)


def test_a_folder_or_the_weights_in_it_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert own_translators() == []
    folder_of("lines", tmp_path)
    (tmp_path / "models" / "half").mkdir()
    kiss = Path("models/kiss")
    for name in ("models/kiss", "./models/kiss/", f"models/kiss/{FILE}", str(tmp_path / kiss)):
        kind, path = find_model(name)
        assert (kind, path.resolve()) == ("translator", tmp_path / kiss), name
        assert is_built_in(name)
    assert find_model("models/half").kind == "folder"
    assert own_translators() == ["models/kiss"]


def test_what_is_loaded_paints_as_what_was_saved(tmp_path: Path) -> None:
    messages: list[str] = []
    folder = folder_of("lines", tmp_path)
    model = load_model(ModelSpec(str(folder), device="cpu"), messages.append)
    assert isinstance(model, TranslatorModel)
    assert (model.name, model.card) == ("kiss", card_of("lines"))
    assert messages == [f"loading {folder}"]
    saved = network_of("lines").half().float()
    rng = np.random.default_rng(2)
    seen = rng.random((64, 64, 4), np.float32)
    form = torch.zeros(1, 3, 64, 64)
    style = [1.0, 0.3, 0.0, 0.0]
    picture = torch.from_numpy(seen).permute(2, 0, 1)[None]
    ground = torch.zeros(1, 8, 32, 32)
    wanted = saved(picture, form, ground, torch.tensor([style]))[:, 1:] * 2 - 1
    assert torch.allclose(model.paint(seen, form, style), wanted, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_frozen_or_in_another_type_it_paints_the_same(dtype: torch.dtype) -> None:
    model = model_of("lines")
    seen = np.random.default_rng(2).random((64, 80, 4), np.float32)
    form = torch.zeros(1, 3, 64, 80)
    exact = model.paint(seen, form, [0.7, 0.2, 0.0, 0.0])
    kept = model.keep()
    assert tune(model, 80, 64, (dtype,))
    model.thaw()
    model.freeze(80, 64)
    assert model.is_frozen
    there = model.paint(seen, form, [0.7, 0.2, 0.0, 0.0])
    assert there.dtype == torch.float32
    assert (there - exact).abs().max() < (1e-4 if dtype == torch.float32 else 0.1)
    model.thaw()
    model.restore(kept)
    model.to(torch.float32)
    assert torch.equal(model.paint(seen, form, [0.7, 0.2, 0.0, 0.0]), exact)


def backend_of(folder: Path, live: bool = False, size: Size = Size(64, 64)) -> TranslatorBackend:
    snapshot = Store({"strength": 1.0}).sample(0.0)
    spec = ModelSpec(str(folder), device="cpu")
    backend = make_backend(spec, "stream", size, snapshot, live, lambda text: None)
    assert isinstance(backend, TranslatorBackend)
    return backend


def test_live_the_quickest_way_is_chosen_and_it_is_warm(tmp_path: Path) -> None:
    backend = backend_of(folder_of("lines", tmp_path), live=True)
    assert backend.model.threads is not None
    backend.close()


def test_models_hand_over_without_a_gap(tmp_path: Path) -> None:
    """At another size, too: the first picture of the one is the last of the other."""
    folder = str(folder_of("lines", tmp_path))
    store = Store({"prompt/a": "ink", "strength": 0.6, "crossfade": 0.4})
    messages: list[str] = []
    pipeline = FramePipeline(Size(64, 64), "crop", Metrics(), messages.append)
    number = 0
    last: np.ndarray | None = None
    for name, side in (("drawn", 64), (folder, 64), ("drawn", 64), (folder, 96)):
        spec, snapshot = ModelSpec(name, device="cpu"), store.sample(number / 20)
        size = Size(side, side)
        pipeline.swap(make_backend(spec, "stream", size, snapshot, False, messages.append))
        out = []
        for _ in range(14):
            frame, snapshot = Frame(ROOM, number, number / 20), store.sample(number / 20)
            out.append(pipeline.process(frame, snapshot).picture)
            number += 1
        assert all(picture.shape == (side, side, 3) for picture in out)
        if last is not None:
            before = cv2.resize(last, size)
            jump, away = (cv2.absdiff(out[at], before).mean() for at in (0, -1))
            steps = [float(cv2.absdiff(one, two).mean()) for one, two in pairwise(out[:9])]
            assert jump < max(4, 0.3 * away), (name, jump, away)
            assert max(steps) < max(6.0, 0.5 * away), (name, steps, away)
        last = out[-1]
    pipeline.close()
    assert not any("failed" in message for message in messages)


# --- what is wrong -------------------------------------------------------------------------------


def changed_card(folder: Path, **values: object) -> None:
    plain = json.loads((folder / CARD).read_text(encoding="utf-8"))
    (folder / CARD).write_text(json.dumps({**plain, **values}), encoding="utf-8")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "smell"}, "'smell', of which this version knows nothing; there are lines"),
        ({"kind": "small"}, "they see 4 channels, and small wants 6; copy the whole folder"),
        ({"settings": {"width": "wide"}}, "its card: settings: width: 'wide' is not a number"),
    ],
)
def test_a_card_that_does_not_fit_is_told(
    tmp_path: Path, values: dict[str, object], words: str
) -> None:
    folder = folder_of("lines", tmp_path)
    changed_card(folder, **values)
    with pytest.raises(Fault) as raised:
        backend_of(folder)
    assert words in str(raised.value)
    assert str(raised.value).startswith("model ")


def test_what_only_other_models_take_is_refused(tmp_path: Path) -> None:
    name = str(folder_of("lines", tmp_path))
    spec = ModelSpec(name, device="cpu", loras=(LoraFile("ink.safetensors", "ink"),))
    with pytest.raises(Fault, match="takes no loras"):
        load_model(spec)
    snapshot = Store().sample(0.0)
    with pytest.raises(Fault, match="engine streamdiffusion: the package does not play"):
        make_backend(
            ModelSpec(name), "streamdiffusion", Size(64, 64), snapshot, False, lambda text: None
        )


def test_every_kind_of_condition_can_be_saved_and_loaded(tmp_path: Path) -> None:
    for kind in CHANNELS:
        save_translator(tmp_path / kind, network_of(kind), card_of(kind))
        model = load_model(ModelSpec(str(tmp_path / kind), device="cpu"))
        assert isinstance(model, TranslatorModel)
        assert model.kind == kind
