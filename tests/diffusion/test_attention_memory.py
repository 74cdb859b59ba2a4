"""What a Stable Diffusion model's self-attention remembers of earlier frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.diffusion.adapter_parts import SIZE, load, lora, picture, pictured
from tests.diffusion.remembered_frames import Reference, Remembering
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

FULL = {"memory__amount": 1.0, "memory__threshold": 0.5, "memory__every": 2}
WALK = [0, 3, 1, 5, 2, 7, 4, 6]


def processors(model: Model) -> dict[str, Any]:
    return dict(model.pipe.unet.attn_processors)


def alike(one: list[Tensor], two: list[Tensor]) -> bool:
    return len(one) == len(two) and all(map(torch.equal, one, two))


@pytest.fixture(scope="module")
def attentive(parts: Path) -> Model:
    """A random model whose self-attention looks at few things, which matter. In float64: which of
    two kept tokens is more like one is a matter of rounding otherwise."""
    model = load(parts)
    model.to(torch.float64)
    for one in self_attentions(model.pipe.unet):
        for linear, times in ((one.attn.to_q, 6), (one.attn.to_k, 6), (one.attn.to_v, 20)):
            linear.weight.data.mul_(times)
    return model


@pytest.mark.parametrize("amount", [1.0, 0.4])
def test_it_is_the_readable_one(attentive: Model, amount: float) -> None:
    frames, every = 3, 2
    numbers = {"memory__amount": amount, "memory__match": 0.75, "memory__threshold": 0.9995}
    fast = Remembering(attentive, **numbers, memory__frames=frames, memory__every=every)
    made = fast.frames([*WALK, *WALK])
    fast.backend.rest()
    scale = attentive.scale
    found = self_attentions(attentive.pipe.unet, SIZE.height // scale, SIZE.width // scale)
    before = [one.attn.processor for one in found]
    references = [Reference(one, frames, every) for one in found]
    for one, reference in zip(found, references, strict=True):
        reference.amount, reference.match, reference.threshold = amount, 0.75, 0.9995
        one.attn.set_processor(reference)
    try:
        wanted = Remembering(attentive).frames([*WALK, *WALK])
    finally:
        for one, processor in zip(found, before, strict=True):
            one.attn.set_processor(processor)
    off = Remembering(attentive).frames([*WALK, *WALK])
    apart = max(float((a - b).abs().max()) for a, b in zip(made, wanted, strict=True))
    moved = max(float((a - b).abs().max()) for a, b in zip(made, off, strict=True))
    assert apart < 1e-5
    assert moved > 0.01
    assert any(
        0 < reference.led < 2 * len(WALK) * one.tokens
        for one, reference in zip(found, references, strict=True)
    )


def test_at_0_it_is_off_bit_for_bit(plain: Model) -> None:
    own = processors(plain)
    off = Remembering(plain).frames(WALK)
    played = Remembering(plain, **FULL)
    played.frames(WALK)
    assert any(isinstance(one, RememberingProcessor) for one in processors(plain).values())
    assert alike(played.frames(WALK, memory__amount=0.0), off)
    assert processors(plain) == own
    small = Remembering(plain, **{**FULL, "memory__amount": 1e-6}).frames(WALK)
    assert max(float((a - b).abs().max()) for a, b in zip(small, off, strict=True)) < 1e-5


def test_the_same_frame_again_leaves_everything_as_it_is(plain: Model) -> None:
    played = Remembering(plain, **FULL, memory__match=1.0)
    first = played.frame(3)
    kept = played.kept
    for _ in range(7):
        again = played.frame(3)
        assert again is not None
        assert torch.equal(again, first)  # type: ignore[arg-type]
        assert all(alike(played.kept[name], kept[name]) for name in kept)


def forgotten(played: Remembering) -> None:
    played.backend.reset()


def fired(played: Remembering) -> None:
    played.store.set("memory/forget", True, "test")


def panicked(played: Remembering) -> None:
    played.store.set("panic", True, "test")


def failed(played: Remembering) -> None:
    played.backend.clear()


def rested(played: Remembering) -> None:
    played.backend.rest()


@pytest.mark.parametrize("forget", [forgotten, fired, panicked, failed, rested])
def test_after_a_cut_it_is_as_at_the_start(
    plain: Model, forget: Callable[[Remembering], None]
) -> None:
    fresh = Remembering(plain, **FULL).frames(WALK)
    played = Remembering(plain, **FULL)
    before = played.frames([6, 4, 2])
    assert not torch.equal(played.frames([0])[0], fresh[0])
    forget(played)
    assert alike(played.frames(WALK), fresh)
    assert len(before) == 3


def test_nan_does_not_stay(plain: Model) -> None:
    fresh = Remembering(plain, **FULL).frames(WALK)
    played = Remembering(plain, **FULL)
    played.frame(0)
    memory = played.backend.memory
    assert memory is not None
    for kept in memory._banks[0].kept.values():
        for one in kept.tensors:
            one.fill_(torch.nan)
    bad = played.frame(1)
    assert bad is not None
    assert bad.isnan().any()
    played.backend.clear()  # what the pipeline does then
    assert alike(played.frames(WALK), fresh)


def test_rows_of_the_stream_batch_keep_their_own(plain: Model) -> None:
    """Three frames at three steps in one call are as if each had gone through all its steps before
    the next; a cut goes through the rows with the frame that it begins with."""
    order, cut = [*WALK, *WALK], 9
    values = {**FULL, "steps": 3, "guidance": 1.6, "prompt__negative": "noise"}
    together, alone = Remembering(plain, **values), Remembering(plain, **values)
    batched, wanted = [], []
    for place, number in enumerate(order):
        if place == cut:
            for one in (together, alone):
                one.backend.reset()
        batched += together.frames([number])
        wanted += alone.frames([number])
        wanted += alone.drained()
    batched += together.drained()
    assert len(batched) == len(wanted) == len(order)
    apart = [float((a - b).abs().max()) for a, b in zip(batched, wanted, strict=True)]
    assert max(apart) < 1e-4
    fresh = Remembering(plain, **values)
    begun = [*fresh.frames(order[cut:]), *fresh.drained()]
    apart = [float((a - b).abs().max()) for a, b in zip(batched[cut:], begun, strict=True)]
    assert max(apart) < 1e-4


def test_rows_that_were_left_out_know_nothing_of_long_ago(plain: Model) -> None:
    """Fewer steps overtake frames; the rows that come back begin anew."""
    played = Remembering(plain, **FULL)
    played.frames(WALK, steps=3)
    played.frames(WALK, steps=1)
    after = [*played.frames(WALK, steps=3), *played.drained()]
    memory = played.backend.memory
    assert memory is not None
    assert sorted(memory._banks) == [0, 1, 2]
    assert len({bank.number for bank in memory._banks.values()}) == 1
    assert len(after) == len(WALK)


def test_a_thousand_frames_take_what_the_first_took(plain: Model) -> None:
    played = Remembering(plain, **FULL, memory__frames=4)
    played.frame(0)
    memory = played.backend.memory
    assert memory is not None
    bank = memory._banks[0]
    at = [one.data_ptr() for kept in bank.kept.values() for one in kept.tensors]
    took, places = memory.bytes, set()
    name = next(name for name, kept in bank.kept.items() if kept.tokens is not None)
    kept = bank.kept[name]
    keys = torch.ones_like(kept.keys[:1])
    for number in range(1000):
        frame = memory.of_frame(played.store.sample(number / 30))
        assert frame is not None
        numbers = torch.tensor(memory.numbers([(0, frame)])[0])
        told = bank.told(numbers)
        kept.looked_back(keys, number * keys, keys, 2, told)
        places.add(frame.place)
    assert places == {0, 1, 2, 3, 4}
    assert sorted(kept.keys[1:, 0, 0].tolist()) == [993.0, 995.0, 997.0, 999.0]
    assert memory.bytes == took
    assert [one.data_ptr() for k in bank.kept.values() for one in k.tensors] == at
    assert len(memory._banks) == len(memory._recalls) == 1


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


@pytest.mark.parametrize("family", ["lcm", "sdxl", "xl"])
def test_what_it_takes_is_known_before_the_model_is_loaded(parts: Path, family: str) -> None:
    played = Remembering(load(parts, family), **FULL, memory__frames=3, steps=2)
    played.frames([1, 2])
    memory = played.backend.memory
    assert memory is not None
    spec = ModelSpec(str(parts / family), dtype="float32")
    assert memory.bytes == attention_need(spec, SIZE, 3, 2)
    assert attention_need(ModelSpec("pocket"), SIZE, 3) == 0


def test_of_models_in_one_file_it_is_known_too() -> None:
    """16 and 70 self-attentions."""
    shapes = list(attention_shapes(SD, 64, 64)), list(attention_shapes(SDXL, 128, 128))
    assert [len(one) for one in shapes] == [16, 70]
    assert [sum(shape.leads for shape in one) for one in shapes] == [4, 46]
    assert sum(shape.numbers for shape in shapes[0]) == 24_166_400


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_in_every_type_twice_the_same(parts: Path, dtype: torch.dtype) -> None:
    model = load(parts, "turbo")
    model.to(dtype)
    one, two = (Remembering(model, **FULL).frames(WALK) for _ in range(2))
    assert alike(one, two)
    assert all(picture.isfinite().all() for picture in one)
    assert not alike(one, Remembering(model).frames(WALK))


@pytest.mark.parametrize("kind", ["lora", "controlnet", "ip_adapter", "sdxl"])
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
