"""What a Stable Diffusion model's self-attention remembers of earlier frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.diffusion.adapter_parts import SIZE, load
from tests.diffusion.remembered_frames import FULL, WALK, Reference, Remembering, alike, processors
from vj.core.frame import Frame
from vj.core.metrics import Metrics
from vj.diffusion.attention_banks import (
    Bank,
    RememberingProcessor,
    SelfAttention,
    Told,
    self_attentions,
)
from vj.diffusion.backends import StreamBackend
from vj.diffusion.model import Model
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline


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


@pytest.mark.parametrize("amount", [pytest.param(1.0, marks=pytest.mark.long), 0.4])
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


@pytest.mark.parametrize(
    "forget",
    [
        forgotten,
        fired,
        pytest.param(panicked, marks=pytest.mark.long),
        pytest.param(failed, marks=pytest.mark.long),
        rested,
    ],
)
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


def told(bank: Bank, *numbers: float) -> Told:
    return bank.told(torch.tensor(numbers))


def test_what_moves_takes_along_what_boils_on_it() -> None:
    """Places are shuffled from frame to frame, as when everything moves, and what is seen in each
    boils: with two frames kept, every third of it is this frame's own, wherever it went; and tokens
    are led to what they were, not to what was at their place."""
    rng = torch.Generator().manual_seed(1)
    count, width = 32, 16
    of = SelfAttention("one", None, count, width, width, True)
    bank = Bank([of], 2, torch.device("cpu"), torch.float32)
    kept = bank.kept["one"]
    keys = 40 * F.normalize(torch.randn(count, width, generator=rng), dim=-1)
    things = torch.randn(count, width, generator=rng)
    seen: dict[bool, list[Tensor]] = {False: [], True: []}
    for number in range(12):
        order = torch.randperm(count, generator=rng)
        back = order.argsort()
        boiling = things + 0.1 * torch.randn(count, width, generator=rng)
        key, value = keys[order][None], boiling[order][None]
        place = 0.0 if number == 0 else 1.0 + number % 2
        numbers = (1.0, 1.0, 0.9, place, float(number == 0))
        found = kept.looked_back(key, key, value, 1, told(bank, *numbers))
        led = kept.led(value, told(bank, *numbers))
        seen[False].append(found[0][back])
        seen[True].append(led[0][back])
        if number == 0:
            assert torch.allclose(found, value, atol=1e-4)
            assert torch.allclose(led, value, atol=1e-4)
    for led_to_it, most in ((False, 0.6), (True, 0.01)):
        steps = torch.stack(seen[led_to_it]).diff(dim=0)[4:]
        assert steps.pow(2).mean().sqrt() < most * 0.1 * 2**0.5


def test_a_hard_cut_in_the_input_forgets_by_itself(plain: Model) -> None:
    """The pictures after it are those of a show that begins there."""
    rng = np.random.default_rng(1)
    one, two = (
        cv2.resize(rng.integers(0, 256, (4, 4, 3), np.uint8), SIZE, interpolation=cv2.INTER_CUBIC)
        for _ in range(2)
    )
    begun, cut = (shown(plain, scenes) for scenes in ([two] * 4, [one] * 4 + [two] * 4))
    assert all(np.array_equal(a, b) for a, b in zip(begun, cut[4:], strict=True))


def shown(model: Model, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """The pictures of a show whose input moves a little."""
    store = Store({"prompt/a": "gold", "memory/amount": 1.0, "memory/threshold": 0.5})
    pipeline = FramePipeline(SIZE, "crop", Metrics(), print)
    pipeline.swap(StreamBackend(model, SIZE, wait=True))
    pictures = []
    for number, image in enumerate(inputs):
        frame = Frame(np.roll(image, number % 4, 1), number, number / 30)
        pictures.append(np.array(pipeline.process(frame, store.sample(number / 30)).picture))
    pipeline.close()
    return pictures
