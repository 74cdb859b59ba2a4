"""ControlNets and T2I-Adapters: line drawings lead the image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.diffusion.adapter_parts import (
    SIZE,
    apart,
    guess,
    hint,
    lines,
    load,
    paint,
)
from vj.diffusion.backends import StreamBackend
from vj.diffusion.ip_adapter import with_amount
from vj.diffusion.model import Model
from vj.diffusion.stream_batch import Conditioning, StreamBatch
from vj.diffusion.streamdiffusion_backend import StreamDiffusionBackend
from vj.parameters.store import Store
from vj.pipeline.backend import PassThrough


@pytest.mark.parametrize(
    "which", [("controlnet",), ("t2i_adapter",), ("controlnet", "t2i_adapter")], ids=", ".join
)
def test_lines_lead_the_image(
    led: Model, plain: Model, which: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in {"controlnet", "t2i_adapter"} - set(which):
        monkeypatch.setattr(led.adapters, part, None)
    backend = StreamBackend(led, SIZE, wait=True)
    assert backend.guides == ("lines",)
    bare = paint(StreamBackend(plain, SIZE, wait=True), strength=0.7)
    full = paint(backend, lines(), strength=0.7)
    assert apart(full, bare) > 1e-3
    assert apart(full, paint(backend, lines(1), strength=0.7)) > 1e-4, "by what is drawn"
    assert torch.equal(
        bare,
        paint(backend, lines(), strength=0.7, control__amount=0.0),
    )
    assert torch.equal(bare, paint(backend, None, strength=0.7)), (
        "without lines there is nothing to lead"
    )
    half = paint(backend, lines(), strength=0.7, control__amount=0.4)
    assert 0 < apart(half, bare) < apart(full, bare)
    backend.warm(Store().sample(0))


def test_a_t2i_adapter_of_one_channel_takes_the_grey_lines(parts: Path, plain: Model) -> None:
    model = load(parts, t2i_adapter=str(parts / "t2i-grey"))
    assert apart(guess(model, None, (hint().expand(2, -1, -1, -1),), 1.0), guess(plain)) > 1e-3


def test_backends_without_a_controlnet_or_t2i_adapter_want_no_lines(plain: Model) -> None:
    assert not PassThrough(SIZE).guides
    assert not StreamBackend(plain, SIZE, wait=True).guides
    assert not StreamDiffusionBackend(plain, SIZE, wait=True).guides


def alone(model: Model, z: Tensor, conditioning: Conditioning) -> Tensor:
    """One frame denoised by itself, step by step."""
    amounts = torch.tensor([conditioning.hint_amounts])
    more = (conditioning.hints, amounts) if any(h is not None for h in conditioning.hints) else ()
    x = conditioning.levels[0].a * z + conditioning.levels[0].b * conditioning.noise[:1]
    stock = conditioning.noise[:1]
    for index, level in enumerate(conditioning.levels):
        epsilon = model.unet(x, torch.tensor([level.t]), conditioning.text, *more)
        if conditioning.guidance > 1:
            if index == 0 and conditioning.negative is not None:
                stock = model.unet(x, torch.tensor([level.t]), conditioning.negative, *more)
            epsilon = conditioning.delta * stock + conditioning.guidance * (
                epsilon - conditioning.delta * stock
            )
        clean = (x - level.b * epsilon) / level.a
        if index + 1 < len(conditioning.levels):
            after, fresh = conditioning.levels[index + 1], conditioning.noise[index + 1 : index + 2]
            stock = fresh + after.a * (level.b * stock - level.b * epsilon) / level.a / after.b
            x = after.a * clean + after.b * fresh
    return clean


@pytest.mark.parametrize("what", ["lines", "pictures"])
@pytest.mark.long
def test_each_frame_comes_out_as_if_denoised_alone_while_lines_and_pictures_change(
    led: Model, shown: Model, what: str
) -> None:
    model = led if what == "lines" else shown
    text, against = model.encode_text("gold"), model.encode_text("fire")
    noise = torch.randn((6, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    stream = StreamBatch(model.unet)
    sent: dict[int, tuple[Tensor, Conditioning]] = {}
    arrived = 0
    for number in range(8):
        conditioning = Conditioning(
            model.schedule.plan(0.4 + 0.05 * number, 2),
            noise[number % 4 :][:2],
            text,
            1.4,
            0.9,
            against,
        )
        if what == "lines":
            conditioning = replace(
                conditioning,
                hints=(None if number % 3 == 2 else hint(number % 2),),
                hint_amounts=(0.3 * (number % 4),),
            )
        elif number % 3 < 2:
            assert model.adapters.image_prompts is not None
            tokens = model.adapters.image_prompts.at(number / 8)
            conditioning = replace(
                conditioning, text=replace(text, image=with_amount(tokens, 0.3 * (number % 4)))
            )
        z = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(number))
        sent[number] = (z, conditioning)
        done = stream.step((z, conditioning, number))
        if done is not None:
            assert apart(done.latents, alone(model, *sent[done.payload])) < 1e-3
            arrived += 1
    assert arrived == 7
