"""Whole frames with a negative prompt and with several steps on a pretended card, through the frame
pipeline, and as torch follows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.diffusion.adapter_parts import SIZE, load
from tests.diffusion.card_models import OnCard
from tests.diffusion.test_pretended_card import (
    PLAYED,
    WHOLE_OUTSIDE,
    WHOLE_UP,
    Part,
    card,
    made,
    over_budget,
    wrong_types,
)
from tests.diffusion.test_whole_frame import kernels_in_c, on_card, packing_in_c
from tests.pretended_card import PretendedCard
from vj.core.frame import Frame
from vj.core.metrics import Metrics
from vj.diffusion.attention_banks import NUMBERS
from vj.diffusion.backends import StreamBackend
from vj.diffusion.whole_rows import OF_A_ROW
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline

__all__ = ["card", "kernels_in_c", "on_card", "packing_in_c"]
JOINED = 40
"""Operators by which image prompts and hints of several rows become a batch, at most."""


@pytest.mark.parametrize(
    "kind", ["turbo small-vae", pytest.param("everything", marks=pytest.mark.long)]
)
def test_nothing_more_waits_or_goes_up(parts: Path, card: PretendedCard, kind: str) -> None:
    """With a negative prompt and without; with a memory, too."""
    model = made(parts, kind)
    dtype = torch.bfloat16 if kind == "everything" else torch.float16
    played = OnCard(card, model, dtype, **PLAYED)
    for steps in (1, 2, 4, 3) if kind == "everything" else (3,):
        played.backend.clear()
        played.store.set("steps", steps, "test")
        played.store.set("memory/amount", 0.5 if steps > 2 else 0.0, "test")
        for _ in range(steps - 1):  # until there is a row at each
            snapshot, context = played._next()
            entered = played.compositor.preprocess(context.image, snapshot)
            assert played.backend.paint(entered, snapshot, context) is None
        for negative in ("noise", ""):
            played.store.set("prompt/negative", negative, "test")
            played.whole()
            log = played.whole()
            more = JOINED if kind == "everything" else 0
            assert over_budget(log, WHOLE_UP, WHOLE_OUTSIDE + more) == []
            assert wrong_types(log, model) == []
            rows = {
                shape[0]
                for one in log.ran
                for dtype, shape in one.made
                if one.name == "silu" and len(shape) == 2
            }
            assert steps + bool(negative) in rows


@pytest.mark.long
@pytest.mark.parametrize(("negative", "mask"), [("", "luma"), ("noise", "none")])
def test_warmed_are_frames_of_one_step_and_of_those_that_are_asked_for(
    parts: Path, card: PretendedCard, monkeypatch: pytest.MonkeyPatch, negative: str, mask: str
) -> None:
    """Each without motion and with it, as the show's guidance, memory and mask begin."""
    played = OnCard(card, made(parts, "turbo small-vae"), torch.float16, **PLAYED)
    backend, whole = played.backend, played.backend._whole
    assert whole is not None
    frame, seen = whole.frame, []

    def noted(*given: Any) -> Any:
        flow, noise, tokens = given[9], given[13], given[16]
        seen.append((flow is not None, len(noise), len(tokens)))
        assert (given[11] is not None) == (mask != "none")
        return frame(*given)

    monkeypatch.setattr(whole, "frame", noted)
    values = {"memory/amount": 0.5, "prompt/negative": negative, "mask/mode": mask}
    for name, value in {"steps": 3, **values}.items():
        played.store.set(name, value, "test")
    backend.warm(played.store.sample(9.0))
    more = bool(negative)
    known = [(flow, rows, rows + more) for rows in (1, 3) for flow in (False, True)]
    assert seen == known
    assert not backend._stream.rows


@pytest.mark.parametrize("late", [False, True])
def test_through_the_pipeline_each_picture_is_that_of_its_frame(
    parts: Path, on_card: None, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    shown: list[list[float]] = []
    whole_ones: list[int] = []
    pictures: list[list[np.ndarray]] = []
    for whole in (True, False):
        store = Store({"prompt/a": "gold", "steps": 3, "output/late": late})
        pipeline = FramePipeline(SIZE, "crop", Metrics(), print, live=True)
        backend = StreamBackend(load(parts, "turbo"), SIZE, wait=True)
        paint_whole = backend.paint_whole

        def noted(*given: Any, paint: Any = paint_whole) -> Any:
            whole_ones.append(1)
            return paint(*given)

        monkeypatch.setattr(backend, "paint_whole", noted)
        if not whole:
            monkeypatch.setattr(backend, "takes_whole", lambda snapshot, context: None)
        pipeline.swap(backend)
        rng = np.random.default_rng(1)
        arrived, made = [], []
        for number in range(9):
            store.set("strength", 0.4 + 0.05 * number, "test")
            image = rng.integers(0, 256, (SIZE.height, SIZE.width, 3), np.uint8)
            frame = Frame(image, number, number / 30)
            one = pipeline.process(frame, store.sample(number / 30))
            if not one.waiting:
                arrived.append(one.context.captured)
                made.append(np.asarray(one.picture).copy())
        pipeline.close()
        shown.append(arrived)
        pictures.append(made)
    assert shown[0] == shown[1]
    assert shown[0][0] == 0
    assert len(shown[0]) == (6 if late else 7)
    assert len(whole_ones) == 7
    for one, two in zip(*pictures, strict=True):
        assert np.abs(one.astype(int) - two).max() <= 3


@pytest.mark.parametrize("rows", [pytest.param(1, marks=pytest.mark.long), 3])
def test_torch_follows_it_without_a_branch(parts: Path, on_card: None, rows: int) -> None:
    """No number of a tensor decides what is computed."""
    model = load(parts, "turbo")
    backend = StreamBackend(model, SIZE, wait=True)
    whole, text = backend._whole, model.encode_text("gold")
    assert whole is not None
    batch = rows + 1  # a negative prompt's
    image, state = torch.zeros(*SIZE[::-1], 3, dtype=torch.uint8), torch.rand(*SIZE[::-1], 3)
    flat = torch.rand(batch * (NUMBERS + 1) + rows * OF_A_ROW + 1)
    noise = torch.randn(rows, 4, *(side // model.scale for side in SIZE[::-1]))
    tokens = text.tokens.expand(batch, -1, -1).contiguous()
    given: tuple[Any, ...] = (image, image.clone(), state, *(torch.rand(n) for n in (12, 16, 1)))
    given += (None, None, None, flat, noise, noise[1:] if rows > 1 else None, noise.clone())
    given += (tokens, None, None)

    class Frame(Part):
        def forward(self, *tensors: Any) -> tuple[Tensor, ...]:  # type: ignore[override]
            assert whole is not None
            return whole._captured(*tensors)

    with torch.no_grad():
        known = whole._captured(*given)
        followed = torch.export.export(Frame(model, "_encode"), given, strict=False)
        replayed = followed.module()(*given)
    assert len(known) == (3 if rows == 1 else 5)
    for one, two in zip(known[1:], replayed[1:], strict=True):
        assert torch.allclose(one, two, atol=1e-4)
