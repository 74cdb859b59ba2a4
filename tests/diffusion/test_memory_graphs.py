"""A memory of earlier frames on a card: one graph serves all frames, and nothing waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.diffusion.adapter_parts import load
from tests.diffusion.card_models import OnCard
from tests.diffusion.remembered_frames import Remembering
from tests.diffusion.test_pretended_card import (
    STEPS_OUTSIDE,
    STEPS_UP,
    WHOLE_OUTSIDE,
    WHOLE_UP,
    card,
    made,
    over_budget,
    wrong_types,
)
from tests.diffusion.test_whole_frame import (
    Recorder,
    captured_by,
    kernels_in_c,
    on_card,
    packing_in_c,
)
from tests.diffusion.whole_frames import Played
from tests.pretended_card import PretendedCard
from vj.diffusion.speed import FastForward

__all__ = ["card", "kernels_in_c", "on_card", "packing_in_c"]
MEMORY = {"memory/amount": 0.8, "memory/threshold": 0.5, "memory/every": 2, "memory/frames": 2}
FRAMES = 18


def turn(played: Played, number: int) -> None:
    """What is turned while it plays."""
    wave = np.sin(number / 5)
    values = {
        **MEMORY,
        "memory/amount": 0.5 + 0.4 * wave if number not in (11, 12) else 0.0,
        "memory/match": 0.5 + 0.4 * wave,
        "memory/every": 2 + number // 9,
        "strength": 0.6 + 0.3 * wave,
        "feedback/amount": 0.3 + 0.3 * wave,
    }
    for name, value in values.items():
        played.store.set(name, value, "test")
    if number in (6, 15):
        played.store.set("memory/forget", True, "test")


def test_a_whole_frame_replayed_is_the_same_bit_for_bit(parts: Path, on_card: None) -> None:
    """What is kept, how much it counts and where it is forgotten is played in every frame."""
    recorder = Recorder()
    ways = [Played(captured_by(load(parts, "lcm"), way)) for way in (None, recorder)]
    pictures = []
    for way in ways:
        shown = []
        for number in range(FRAMES):
            turn(way, number)
            if number == 0:
                whole = way.backend._whole
                assert whole is not None
                whole.expect(way.store.sample(0))
            with way.backend.model.made_ready():  # at once, and not beside the picture
                shown.append(way.frame(number))
        pictures.append(shown)
    differ = [n for n, (a, b) in enumerate(zip(*pictures, strict=True)) if not np.array_equal(a, b)]
    assert differ == []
    for way in ways:
        memory = way.backend.memory
        assert memory is not None
        assert list(memory._banks) == [0]
    recall = ways[1].backend.memory.recall((0,))  # type: ignore[union-attr]
    assert recall.whole is not None
    assert recall.whole.graphs == 1
    replays = sum(graph.replays for graph in recorder.recorded)
    assert replays > 0.6 * FRAMES


@pytest.mark.long
def test_the_unet_of_a_stream_batch_is_one_graph_for_each_number_of_rows(parts: Path) -> None:
    recorder = Recorder()
    values = {name.replace("/", "__"): value for name, value in MEMORY.items()}
    eager, graphed = (
        Remembering(captured_by(load(parts, "lcm"), way), **values, steps=2)
        for way in (None, recorder)
    )
    order = list(np.random.default_rng(2).integers(0, 9, 14))
    memory = graphed.backend.memory
    assert memory is not None
    memory.expect(graphed.store.sample(0))
    one, two = eager.frames(order), []
    for number in order:
        with graphed.backend.model.made_ready():
            two += graphed.frames([number])
    assert len(two) == len(order) - 1
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    part = memory.recall((0, 1)).part
    assert part is not None
    assert part.graphs == 1


def test_turned_up_while_it_plays_no_picture_waits_for_a_graph(parts: Path) -> None:
    """The first is captured beside, once frames are steadily of one kind."""
    recorder = Recorder()
    played = Remembering(captured_by(load(parts, "lcm"), recorder))
    played.frames([1, 2])
    played.frames([3, 4, 5], memory__amount=0.5)
    assert not played.backend.model.capturing  # type: ignore[attr-defined]
    assert not recorder.recorded


def test_a_compiled_unet_steps_aside(parts: Path) -> None:
    """It was compiled without a memory."""
    model, calls = load(parts, "lcm"), []

    def build(module: Any) -> Any:
        own = module.forward
        return lambda *given, **more: (calls.append(1), own(*given, **more))[1]

    model.pipe.unet.forward = fast = FastForward("UNet", model.pipe.unet, build)
    played, plain = Remembering(model), Remembering(load(parts, "lcm"))
    with fast.made_ready():
        played.frames([1, 2])
    before = len(calls)
    assert before
    one, two = (
        way.frames([3, 4, 5, 6], memory__amount=1.0, memory__every=1) for way in (played, plain)
    )
    assert len(calls) == before
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert "not compiled" in played.said[0]
    assert played.frames([7], memory__amount=0.0)
    assert len(calls) == before + 1


def test_at_rest_its_graphs_go_too(parts: Path) -> None:
    model = captured_by(load(parts, "lcm"), Recorder())
    played = Remembering(model, memory__amount=1.0)
    before = set(model._graphs)
    played.frames([1, 2])
    assert set(model._graphs) > before
    played.backend.rest()
    assert set(model._graphs) == before


def test_a_layer_that_ends_leaves_no_graphs_behind(parts: Path, on_card: None) -> None:
    model = captured_by(load(parts, "lcm"), Recorder())
    first = Played(model, memory__amount=1.0)
    first.frame(0)
    alone = set(model._graphs)
    layer = Played(model, memory__amount=1.0)
    layer.frame(0)
    assert set(model._graphs) > alone
    layer.backend.close()
    assert set(model._graphs) == alone
    assert first.frame(1) is not None


@pytest.mark.parametrize(
    "kind", ["turbo small-vae", pytest.param("everything", marks=pytest.mark.long)]
)
def test_on_a_card_nothing_more_waits_or_goes_up(
    parts: Path, card: PretendedCard, kind: str
) -> None:
    dtype = torch.bfloat16 if kind == "everything" else torch.float16
    model = made(parts, kind)
    played = OnCard(card, model, dtype, **MEMORY)
    for name, value in {"steps": 2, "guidance": 1.5, "prompt/negative": "noise"}.items():
        played.store.set(name, value, "test")
    for _ in range(2):
        log = played.steps()
    assert over_budget(log, STEPS_UP, STEPS_OUTSIDE + 30) == []
    assert wrong_types(log, model) == []
    played.backend.clear()
    for name, value in {"steps": 1, "prompt/negative": ""}.items():
        played.store.set(name, value, "test")
    played.whole()
    log = played.whole()
    assert over_budget(log, WHOLE_UP, WHOLE_OUTSIDE) == []
    assert wrong_types(log, model) == []
    assert any(one.name == "index_copy_" for one in log.ran)
