"""A frame of every family of models and every adapter on a pretended card: nothing mixes devices,
nothing but the frame's end waits, types are what they should be, and what goes up and down and what
runs outside the parts that become graphs is within a budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.card_log import HostWaits, Log
from tests.diffusion.adapter_parts import SIZE, lora, pictured
from tests.diffusion.card_models import FLOW, SHOWN, OnCard, model_of
from tests.pretended_card import CARD, PretendedCard
from tests.tiny_models import make_model
from vj.diffusion import noise_align
from vj.diffusion.model import Model
from vj.diffusion.texture_noise import RiddenNoise, make_texture_field
from vj.pipeline.model_fade import moved_on_card

STEPS_UP = {
    "CudaCompositor.preprocess": 2,  # the input, the flow
    "TemporalKernels.feedback": 1,
    "StreamBatch._predict": 1,  # timesteps
    "_hint": 1,  # lines, where a model is led by them
    "stacked": 1,  # and their amounts
    "CudaCompositor._finish": 3,  # the untouched input, the flow, the mask
    "TemporalKernels.blend": 1,
    "TemporalKernels.sharpen": 1,
}
"""Copies up in a frame, by who asks for them."""
WHOLE_UP = {
    "CudaCompositor.on_card": 6,  # two pictures, two flows, the mask, the numbers
    "WholeFrame.paint": 1,
    "_hint": 1,
}
DOWN = {"Down.__init__": 1, "OnItsWay.__init__": 1}
"""The picture and its figures."""
STEPS_OUTSIDE, WHOLE_OUTSIDE = 105, 20
"""Operators outside the parts that become graphs, at most."""
HEAVY = ("convolution", "addmm", "mm", "bmm", "baddbmm", "native_group_norm", "native_layer_norm")
HEAVY += ("scaled_dot_product_attention",)


@pytest.fixture
def card() -> Iterator[PretendedCard]:
    with PretendedCard().inserted() as card:
        yield card
    noise_align._kernels.cache_clear()


def over_budget(log: Log, up: dict[str, int], outside: int) -> list[str]:
    """What a frame did that no budget has, each with its line; empty for nothing."""
    over: list[str] = []
    for way, moved, most in (("up", log.up, up), ("down", log.down, DOWN)):
        found = Counter(one.where for one in moved)
        over += [
            f"a copy {way} that no budget has: {one.where} ({one.line})"
            for one in moved
            if found[one.where] > most.get(one.where, 0)
        ]
        over += [
            f"the host waits for a copy {way}: {one.where} ({one.line})"
            for one in moved
            if not one.later
        ]
    if [line.partition(":")[0] for line in log.waits] != ["vj/pipeline/card_transfer.py"]:
        over.append(f"not one wait, at the frame's end, but {log.waits}")
    ran = log.outside()
    if len(ran) > outside:
        most_in = Counter(one.line for one in ran).most_common(12)
        over.append(f"{len(ran)} operators outside the graphs, most in {most_in}")
    return over


def wrong_types(log: Log, model: Model) -> list[str]:
    """Where the model does not compute in its type, or the scheduler in float32."""
    wrong: list[str] = []
    for one in log.ran:
        types = {dtype for dtype, _ in one.made if dtype.is_floating_point}
        of_model = one.part and not one.where.startswith("CudaCompositor")
        if one.name in HEAVY and of_model and one.made[0][0] != model.dtype:
            wrong.append(f"{one.name} of the {one.part} in {one.made[0][0]} at {one.line}")
        if one.where.startswith(("StreamBatch", "Noise", "SwirlTurn")) and types - {torch.float32}:
            wrong.append(f"{one.name} in {types} at {one.line}")
    parts = {one.part for one in log.ran if one.name == "convolution"}
    if parts not in ({"encoder", "UNet", "decoder"}, {"frame"}):
        wrong.append(f"convolutions in {parts}")
    return wrong


LED, LED_XL = (
    {"controlnet": "controlnet", "t2i_adapter": "t2i"},
    {"controlnet": "xl-controlnet", "t2i_adapter": "xl-t2i"},
)


def made(parts: Path, kind: str) -> Model:
    """The models that are looked at."""
    if kind in ("sd15", "sd21"):
        folder = parts / kind
        if not folder.exists():
            make_model(folder, kind)
        return model_of(parts, kind)
    if kind == "LoRAs":
        return model_of(parts, "lcm", loras=(lora(parts, "ink", 0.8), lora(parts, "gold", 0.3)))
    if kind.startswith("led"):
        named = LED_XL if kind == "led sdxl" else LED
        files = {key: str(parts / name) for key, name in named.items()}
        return model_of(parts, "xl" if kind == "led sdxl" else "lcm", **files)
    if kind.startswith("shown"):
        more = {"ip_adapter": str(parts / "ip-plus.safetensors")} if "plus" in kind else {}
        return model_of(parts, "lcm", **pictured(parts, **more))
    if kind == "everything":
        files = {key: str(parts / name) for key, name in LED.items()}
        return model_of(
            parts, "lcm", True, loras=(lora(parts, "ink", 0.8),), **files, **pictured(parts)
        )
    if kind == "everything sdxl":
        files = {key: str(parts / name) for key, name in LED_XL.items()}
        files |= pictured(parts, ip_adapter=str(parts / "xl-ip.safetensors"))
        return model_of(parts, "xl", True, loras=(lora(parts, "xl-ink", 0.8),), **files)
    family, _, small = kind.partition(" ")
    return model_of(parts, family, bool(small))


KINDS = ("sd15", "sd21", "turbo small-vae", "lcm", "sdxl", "LoRAs", "led", "led sdxl", "shown")
KINDS += ("shown plus", "everything", "everything sdxl")
OFTEN = ("turbo small-vae",)
"""What the others have is in these."""
PLAYED = {
    "guidance": 1.5,
    "prompt/mix": 0.4,
    "seed/mix": 0.4,
    "feedback/amount": 0.5,
    "feedback/yaw": 4.0,
    "blend/smoothing": 0.5,
    "picture/sharpen": 0.5,
    "picture/hue": 20.0,
    "image/amount": 0.5,
    "image/mix": 0.3,
}
"""Nearly everything is played."""


@pytest.mark.parametrize(
    "kind",
    [kind if kind in OFTEN else pytest.param(kind, marks=pytest.mark.long) for kind in KINDS],
)
def test_a_frame_waits_at_its_end_alone(parts: Path, card: PretendedCard, kind: str) -> None:
    """In its steps, 1 to 4 of the model's, with a negative prompt, noise that boils and follows
    form, everything played; then as one function."""
    dtype = torch.bfloat16 if "sdxl" in kind or kind == "everything" else torch.float16
    model = made(parts, kind)
    played = OnCard(card, model, dtype, **PLAYED)
    for steps in (2, 4, 3, 1) if kind == "lcm" else (2, 1):
        played.store.set("steps", steps, "test")
        played.store.set("prompt/negative", "noise" if steps > 1 else "", "test")
        played.store.set("noise/align", 0.5 if steps == 2 else 0.0, "test")
        played.store.set("noise/hold", 0.9 if steps > 1 else 1.0, "test")
        if steps < 3:
            played.steps()  # what is made once; values glide
        log = played.steps()
        assert over_budget(log, STEPS_UP, STEPS_OUTSIDE + 15 * steps) == []
        assert wrong_types(log, model) == []
    played.backend.clear()
    for strength in (0.5, 0.02):
        played.store.set("strength", strength, "test")
        log = played.whole()
        assert over_budget(log, WHOLE_UP, WHOLE_OUTSIDE) == []
        assert wrong_types(log, model) == []


@pytest.mark.parametrize(
    "blank",
    [
        pytest.param(False, id="beyond it the input", marks=pytest.mark.long),
        pytest.param(True, id="painted on"),
    ],
)
def test_edges_wait_for_nothing(parts: Path, card: PretendedCard, blank: bool) -> None:
    played = OnCard(card, made(parts, "lcm"), torch.float16, **PLAYED)
    played.store.set("feedback/edge", "paint", "test")
    played.steps(blank, None)
    for flow in (None, FLOW):
        log = played.steps(blank, flow)
        tiles = {"TorchEdgePainter._tiled": 8} if blank else {}
        assert over_budget(log, STEPS_UP | tiles, STEPS_OUTSIDE + 400) == []


def test_a_strip_of_new_edges_waits_for_nothing(parts: Path, card: PretendedCard) -> None:
    played = OnCard(card, made(parts, "lcm"), torch.float16, **PLAYED)
    played.store.set("feedback/edge", "paint", "test")
    played.steps(True, None)
    matrix = np.array([[0.9, 0, 3], [0, 0.9, 3]], np.float32)
    compositor = played.compositor
    for _ in range(2):
        card.log = Log()
        seen = compositor.ahead(matrix, 1)
        assert seen is not None
        compositor.keep_strip(seen)
        compositor.preprocess(SHOWN, played.store.sample(1.0), None, True, 0.5, matrix)
        assert not card.log.waits
        assert all(one.later for one in card.log.up), card.log.up
        assert not card.log.down


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_the_texture_is_made_on_the_card(card: PretendedCard, dtype: torch.dtype) -> None:
    """Of every type that a model computes in, also while the noise boils."""
    field = make_texture_field(SIZE, CARD, dtype)
    entered = card.fake(torch.zeros(1, 3, *SIZE[::-1]), dtype)
    card.log = Log()
    for number in range(2):
        white = np.full(SIZE[::-1], number, np.float32)
        made = field.of(entered, RiddenNoise(white), 1.0, 0.0)
        assert (made.dtype, tuple(made.shape)) == (dtype, (1, 3, *SIZE[::-1]))
    assert [one.later for one in card.log.up] == [True, True]
    assert not card.log.down
    assert not card.log.waits


def test_a_model_fades_in_and_nothing_waits(card: PretendedCard) -> None:
    image = card.fake(torch.zeros(1, 3, *SIZE[::-1]))
    card.log = Log()
    assert moved_on_card(image, FLOW).shape == image.shape
    assert [one.later for one in card.log.up] == [True]


# That the pretended card can tell.


def test_a_host_wait_is_named_with_its_line(parts: Path, card: PretendedCard) -> None:
    played = OnCard(card, made(parts, "lcm"), torch.float16)
    played.model._decode = lambda latents: latents * float(latents.mean())  # type: ignore
    with pytest.raises(HostWaits, match=r"__float__ waits for the card at vj/diffusion/"):
        played.steps()
    there = card.fake(torch.zeros(2, 3))
    for wait in (
        lambda: there.cpu(),
        lambda: there[0, 0].item(),
        lambda: bool(there.sum() > 0),
        lambda: there[there > 0],
        lambda: there.nonzero(),
        lambda: torch.zeros(2, 3).copy_(there),
    ):
        with pytest.raises(HostWaits):
            wait()
    with pytest.raises(Exception, match="device"):
        there + torch.ones(3)


def test_a_copy_more_is_named_with_its_line(parts: Path, card: PretendedCard) -> None:
    played = OnCard(card, made(parts, "lcm"), torch.float16)
    played.steps()
    brightness = played.compositor.brightness

    def slow(entered: Tensor) -> Tensor:
        torch.tensor([0.3, 0.6], device=entered.device)
        return brightness(entered)

    played.compositor.brightness = slow  # type: ignore[method-assign]
    over = over_budget(played.steps(), STEPS_UP, 999)
    assert any(
        "a copy up that no budget has: CudaCompositor.preprocess (vj/" in one for one in over
    )


# Without the card: torch itself follows the parts, and would stop where a number decides.


class Part(nn.Module):
    """A part of a model as torch exports it."""

    def __init__(self, model: Model, work: str) -> None:
        super().__init__()
        added = model.adapters
        self.held = nn.ModuleList(
            one
            for one in (model.pipe.unet, model.pipe.vae, added.controlnet, added.t2i_adapter)
            if one is not None
        )
        self.work = getattr(model, work)

    def forward(self, *given: Any) -> Tensor:
        made: Tensor = self.work(*given)
        return made


@pytest.mark.long
@pytest.mark.parametrize("kind", ["everything", "led sdxl"])
def test_no_part_has_a_branch_that_numbers_decide(parts: Path, kind: str) -> None:
    model = made(parts, kind)
    text = model.encode_text("gold")
    image = None
    if model.adapters.image_prompts is not None:
        image = model.adapters.image_tokens(None, 1)
    hints = tuple(torch.rand(1, 3, 64, 64) for _ in model.guides)
    latents, t, lines, amounts = (
        torch.rand(shape) for shape in ((1, 4, 8, 8), 1, (1, 3, 64, 64), (1, len(hints)))
    )
    asked = {
        "_encode": (lines,),
        "_denoise": (latents, t, text.tokens, text.pooled, image, amounts, *hints),
        "_decode": (latents,),
    }
    for work, given in asked.items():
        with torch.no_grad():
            known = getattr(model, work)(*given)
            followed = torch.export.export(Part(model, work), given, strict=False)
            assert torch.allclose(followed.module()(*given), known, atol=1e-4)
