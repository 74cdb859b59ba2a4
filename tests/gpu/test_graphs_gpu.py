"""Parts of a model as CUDA graphs give what they give launched kernel by kernel, whatever is
played."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.diffusion.adapter_parts import SIZE, at, hint, load, lora, pictured
from tests.diffusion.conftest import parts
from vj.diffusion.backends import StreamBackend
from vj.diffusion.graphs import STEADY
from vj.diffusion.model import Model
from vj.diffusion.prompts import Embedding
from vj.parameters.store import Store
from vj.pipeline.frame_context import FrameContext

__all__ = ["parts"]


def both(model: Model, work: Callable[[], Tensor]) -> tuple[Tensor, Tensor]:
    """Launched, and by a graph that is there by now."""
    model.play_as_graphs(False)
    launched = work()
    model.play_as_graphs(True)
    for _ in range(STEADY + 2):
        work()
    until_captured(model)
    return launched, work()


def until_captured(model: Model) -> None:
    end = time.monotonic() + 20
    while model.capturing and time.monotonic() < end:
        time.sleep(0.01)
    assert not model.capturing


@pytest.mark.parametrize("family", ["lcm", "turbo", "sdxl"])
def test_each_part_gives_the_same(parts: Path, family: str) -> None:
    said: list[str] = []
    model = load(parts, family, device="cuda", dtype="float16")
    model.log = said.append
    torch.manual_seed(1)
    text = model.encode_text("gold")
    for rows in (1, 2, 1):
        x, t = torch.randn(rows, 4, 8, 8).cuda(), torch.linspace(300, 700, rows).cuda()
        texts = Embedding.stack([text] * rows)
        one, two = both(model, lambda x=x, t=t, texts=texts: model.unet(x, t, texts))  # type: ignore[misc]
        assert torch.equal(one, two)
        assert torch.isfinite(two).all()
    picture = torch.rand(1, 3, 64, 64).cuda() * 2 - 1
    assert torch.equal(*both(model, lambda: model.encode(picture)))
    assert torch.equal(*both(model, lambda: model.decode(x)))
    assert model.graphs >= 4, said
    assert not said


def test_another_prompt_a_moved_lora_and_lines_are_seen_by_the_next_call(parts: Path) -> None:
    model = load(parts, "lcm", loras=(lora(parts, "ink", 0.5),), device="cuda", dtype="float16")
    model_of_lines = load(
        parts, "lcm", controlnet=str(parts / "controlnet"), device="cuda", dtype="float16"
    )
    x, t = torch.randn(1, 4, 8, 8).cuda(), torch.tensor([500.0]).cuda()
    gold, ink = (model.encode_text(text) for text in ("gold", "ink"))
    model.adapters.follow(model.pipe.unet, at(ink=0.5).values)  # as before each frame
    first, _ = both(model, lambda: model.unet(x, t, gold))
    for weight, text in ((0.5, ink), (1.0, gold), (0.0, ink), (0.5, gold)):
        model.adapters.follow(model.pipe.unet, at(ink=weight).values)
        one, two = both(model, lambda text=text: model.unet(x, t, text))  # type: ignore[misc]
        assert torch.equal(one, two)
    assert torch.equal(model.unet(x, t, gold), first)
    for kind, amount in ((0, 1.0), (1, 1.0), (1, 0.3)):
        drawn = hint(kind).cuda()
        one, two = both(
            model_of_lines,
            lambda drawn=drawn, amount=amount: model_of_lines.unet(x, t, gold, (drawn,), amount),  # type: ignore[misc]
        )
        assert torch.equal(one, two)
    assert not torch.equal(two, model_of_lines.unet(x, t, gold))


def test_a_backend_plays_the_same_while_steps_words_and_strength_are_played(parts: Path) -> None:
    def played(graphs: bool) -> list[Tensor]:
        model = load(parts, "turbo", device="cuda", dtype="float16")
        model.play_as_graphs(graphs)
        backend = StreamBackend(model, SIZE, wait=True)
        store, pictures = Store({"prompt/a": "gold", "prompt/b": "ink"}), []
        backend.warm(store.sample(0))
        for frame in range(60):
            store.set("strength", 0.3 + 0.01 * frame, "test")
            store.set("prompt/mix", frame / 60, "test")
            store.set("steps", 1 if frame < 30 else 2, "test")
            entered = torch.linspace(-1, 1, 3 * 64 * 64).view(1, 3, 64, 64).roll(frame, -1).cuda()
            made = backend.paint(entered, store.sample(frame / 30), FrameContext.black(SIZE))
            pictures += [] if made is None else [torch.as_tensor(made.picture).clone()]
        backend.close()
        return pictures

    launched, replayed = played(False), played(True)
    assert len(launched) == len(replayed) > 50
    assert all(torch.equal(one, two) for one, two in zip(launched, replayed, strict=True))


def test_image_prompts_are_seen(parts: Path) -> None:
    model = load(parts, "lcm", device="cuda", dtype="float16", **pictured(parts))
    x, t, text = torch.randn(1, 4, 8, 8).cuda(), torch.tensor([500.0]).cuda(), None
    plain = model.encode_text("gold")
    for mix in (0.0, 0.5, 1.0):
        snapshot = Store({"image/amount": 0.8, "image/mix": mix}).sample(0)
        text = model.adapters.with_image_prompt(plain, snapshot)
        one, two = both(model, lambda text=text: model.unet(x, t, text))  # type: ignore[misc]
        assert torch.equal(one, two)
    assert text is not None
    assert not torch.equal(model.unet(x, t, text), model.unet(x, t, plain))
