"""Which models remember earlier frames, with what beside, and what it takes of memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models import attention_processor
from safetensors.torch import save_file
from torch import Tensor

from tests.diffusion.adapter_parts import SIZE, load, lora, picture, pictured
from tests.diffusion.remembered_frames import FULL, WALK, Remembering, alike, processors
from tests.tiny_models import make_model
from vj.core.frame import Size
from vj.diffusion.attention_banks import RememberingProcessor, self_attentions
from vj.diffusion.attention_need import SD, SDXL, attention_need, attention_shapes
from vj.diffusion.drawn_model import load_drawn
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.pocket_backend import PocketBackend
from vj.parameters.store import Store
from vj.pipeline.backend import NO_MEMORY, PassThrough
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.without_effect import WithoutEffect


def test_rest_gives_the_memory_back_and_it_is_told_once(plain: Model) -> None:
    played = Remembering(plain, **FULL)
    memory = played.backend.memory
    assert memory is not None
    assert not memory.bytes
    played.frames([1, 2, 3])
    assert memory.bytes
    played.backend.rest()
    assert not memory.bytes
    assert not memory.installed
    played.frames([1, 2, 3])
    assert len(played.said) == 1
    assert "2 earlier frames take about" in played.said[0]


def test_given_up_it_takes_nothing_and_the_picture_is_that_without(plain: Model) -> None:
    off = Remembering(plain).frames(WALK)
    played = Remembering(plain)
    memory = played.backend.memory
    assert memory is not None
    assert not memory.give_up(), "there is nothing to give up"
    played.frames([1, 2], memory__amount=1.0)
    assert memory.bytes
    assert memory.give_up()
    assert alike(played.frames(WALK), off)
    assert not memory.bytes
    assert not memory.give_up()


FEW = ("sd15", "sdxl", "sdxs-512-0.9", "ssd-1b")


@pytest.mark.parametrize("family", FEW)
def test_what_it_takes_is_known_before_the_model_is_loaded(tmp_path: Path, family: str) -> None:
    """Of families that are built in other ways."""
    made = make_model(tmp_path / family, family)
    played = Remembering(load(tmp_path, family), **FULL, memory__frames=3)
    played.frames([1, 2])
    memory = played.backend.memory
    assert memory is not None
    spec = ModelSpec(str(made), dtype="float32")
    assert memory.bytes == attention_need(spec, SIZE, 3)
    assert attention_need(spec, SIZE, 3, 2) == 2 * memory.bytes
    assert attention_need(ModelSpec("pocket"), SIZE, 3) == 0


def test_of_models_in_one_file_it_is_known_too(tmp_path: Path) -> None:
    """16 and 70 self-attentions."""
    shapes = list(attention_shapes(SD, 64, 64)), list(attention_shapes(SDXL, 128, 128))
    assert [len(one) for one in shapes] == [16, 70]
    assert [sum(shape.leads for shape in one) for one in shapes] == [4, 46]
    assert sum(shape.numbers for shape in shapes[0]) == 24_166_400
    needs = []
    for name in ("cond_stage_model.x", "model.diffusion_model.label_emb.0.0.weight"):
        file = tmp_path / f"{len(needs)}.safetensors"
        save_file({name: torch.zeros(1)}, file)
        needs.append(attention_need(ModelSpec(str(file), dtype="float16"), Size(512, 512), 2))
    assert needs[0] == 2 * 3 * 24_166_400
    assert needs[1] > needs[0]


@pytest.mark.parametrize(
    "dtype",
    [pytest.param(torch.float32, marks=pytest.mark.long), torch.bfloat16, torch.float16],
)
def test_in_every_type_twice_the_same(parts: Path, dtype: torch.dtype) -> None:
    model = load(parts, "turbo")
    model.to(dtype)
    one, two = (Remembering(model, **FULL).frames(WALK) for _ in range(2))
    assert alike(one, two)
    assert all(picture.isfinite().all() for picture in one)
    assert not alike(one, Remembering(model).frames(WALK))


@pytest.mark.parametrize(
    "kind",
    [
        *(pytest.param(kind, marks=pytest.mark.long) for kind in ("lora", "controlnet")),
        *("ip_adapter", "sdxl"),
    ],
)
def test_it_goes_with_adapters(parts: Path, kind: str) -> None:
    model = {
        "lora": lambda: load(parts, loras=(lora(parts, "ink", 0.8),)),
        "controlnet": lambda: load(parts, controlnet=str(parts / "controlnet")),
        "ip_adapter": lambda: load(parts, **pictured(parts)),
        "sdxl": lambda: load(parts, "sdxl"),
    }[kind]()
    own, off = processors(model), Remembering(model).frames(WALK)
    played = Remembering(model, **FULL)
    assert not alike(played.frames(WALK), off)
    there = processors(model)
    assert [name for name in own if there[name] is not own[name]] == [
        name for name in own if name.endswith("attn1.processor")
    ]
    assert alike(played.frames(WALK, memory__amount=0.0), off)
    assert processors(model) == own


class Counted:
    """A processor that came from somewhere else."""

    def __init__(self, own: Any) -> None:
        self.own, self.calls = own, 0

    def __call__(self, *given: Any, **more: Any) -> Tensor:
        self.calls += 1
        made: Tensor = self.own(*given, **more)
        return made


def test_a_processor_that_comes_meanwhile_is_called_too(parts: Path) -> None:
    model = load(parts)
    played = Remembering(model, **FULL)
    played.frame(0)
    attn = self_attentions(model.pipe.unet)[0].attn
    counted = Counted(attn.processor.own)
    attn.set_processor(counted)
    played.frame(1)
    assert counted.calls == 1
    assert attn.processor.own is counted
    played.frame(2, memory__amount=0.0)
    assert counted.calls == 2
    assert attn.processor is counted


@pytest.mark.parametrize("kind", ["AttnProcessor", "SlicedAttnProcessor"])
def test_other_processors_of_diffusers_remember_the_same(plain: Model, kind: str) -> None:
    wanted = Remembering(plain, **FULL).frames(WALK)
    given = (1,) if "Sliced" in kind else ()
    found = self_attentions(plain.pipe.unet)
    played = Remembering(plain, **FULL)
    before = [one.attn.processor.own for one in found]
    for one in found:
        one.attn.set_processor(getattr(attention_processor, kind)(*given))
    try:
        made = played.frames(WALK)
        assert all(isinstance(one.attn.processor, RememberingProcessor) for one in found)
    finally:
        for one, processor in zip(found, before, strict=True):
            one.attn.set_processor(processor)
    assert all(torch.allclose(a, b, atol=1e-3) for a, b in zip(made, wanted, strict=True))


def test_pictures_beside_follow_none(plain: Model) -> None:
    played = Remembering(plain, **FULL)
    beside = played.backend.beside()
    played.frames([1, 2])
    other = Remembering(plain)
    other.backend = beside
    off = Remembering(plain).frames([3, 4])
    assert alike(other.frames([3, 4], memory__amount=1.0), off)


def test_self_attentions_know_how_large_they_are(parts: Path) -> None:
    """Also of sizes that do not halve evenly."""
    for family in ("lcm", "sdxl"):
        model = load(parts, family)
        for height, width in ((8, 8), (7, 9), (5, 12)):
            found = self_attentions(model.pipe.unet, height, width)
            assert found
            seen: dict[str, torch.Size] = {}

            def note(name: str, seen: dict[str, torch.Size] = seen) -> Any:
                return lambda _, given, out: seen.update({name: out.shape})

            hooks = [one.attn.register_forward_hook(note(one.name)) for one in found]
            x = torch.randn(1, 4, height, width)
            model.unet(x, torch.tensor([500.0]), model.encode_text("gold"))
            for hook in hooks:
                hook.remove()
            assert {one.name: (1, one.tokens, one.outside) for one in found} == seen


def test_models_without_it_say_so_once_and_paint_on(plain: Model) -> None:
    """The built-in one, and none at all."""
    assert "memory/amount" not in Remembering(plain).backend.unused
    said: list[str] = []
    without = WithoutEffect(("memory/amount",), said.append)
    pocket = PocketBackend(load_drawn(ModelSpec("drawn")), SIZE, wait=True)
    none = PassThrough(SIZE, waits=False)
    for amount in (0.0, 0.5, 0.7):
        for backend in (pocket, none):
            snapshot = Store({"memory/amount": amount}).sample(0)
            without.look(snapshot, backend)
    assert len(said) == 2
    assert said[0] == f"memory/amount changes nothing with {pocket.name}: {NO_MEMORY}"
    made = pocket.paint(picture(1), snapshot, FrameContext.black(SIZE))
    assert made is not None
