"""A card that is full while a show plays: models that rest, then graphs, then the size are given
up, each with words, and the picture comes back."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.conftest import PlayShow
from tests.shows import PlayedShow
from vj.app.full_card import LEAST, smaller_sizes
from vj.bench.random_models import random_pipe
from vj.core.frame import Size
from vj.diffusion.graphs import Captured, GraphedPart

SHOW = """\
show: a full card
size: 256x256
source: testcard
model: large
models: {{large: {{name: {folder}, vae: full, lcm_lora: "off", dtype: float32}}, other: drawn}}
osc: 127.0.0.1:0
page: off
midi: off
start: {{crossfade: 0, prompt/a: gold}}
"""


class Again:
    """Stands in for a CUDA graph."""

    def replay(self) -> None:
        pass


def has_graph(model: Any) -> GraphedPart:
    """A model that plays one, as on a card."""
    part = GraphedPart(
        "UNet", lambda x: x, lambda work, given: Captured(Again(), [None], work(*given))
    )
    part(torch.zeros(1))
    model._graphs["frame"] = part
    return part


@pytest.fixture
def show(tmp_path: Path, play_show: PlayShow, one_thread: None) -> PlayedShow:
    folder = tmp_path / "large"
    random_pipe("tiny", torch.device("cpu"), torch.float32).save_pretrained(folder)
    path = tmp_path / "full.yaml"
    path.write_text(SHOW.format(folder=folder), encoding="utf-8")
    played = play_show(path)
    played.until(lambda: played.performance.run_state.text == "playing")
    return played


def look(show: PlayedShow) -> None:
    """What the show does four times a second, after some frames, while it plays on."""
    show.frames(2)
    looking = threading.Thread(target=show.performance.background._look_after_models)
    looking.start()
    show.until(lambda: not looking.is_alive())
    show.frames(2)


def test_what_is_given_up_one_after_the_other(
    show: PlayedShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    performance = show.performance
    backend: Any = performance.loop.pipeline.backend
    bank, model = performance.loader.bank, backend.model
    performance.store.set("memory/amount", 0.5)
    show.frames(2)
    performance.store.set("model/prepare", "other")
    show.until(lambda: "other" in bank.ready())
    part, denoise = has_graph(model), model._denoise

    def full(x: Tensor, *more: Any) -> Tensor:
        if bank.resting or backend.memory.bytes or part.graphs or x.shape[-1] > 24:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        made: Tensor = denoise(x, *more)
        return made

    monkeypatch.setattr(model, "_denoise", full)
    faults = performance.metrics.faults
    look(show)
    assert any("model other is let go since memory is full" in one for one in show.messages)
    assert not bank.resting
    look(show)
    assert any("looks at no earlier frames" in one for one in show.messages)
    assert part.graphs
    look(show)
    assert any("plays without CUDA graphs" in one for one in show.messages)
    assert part.off
    assert part.graphs == 0
    assert performance.metrics.faults > faults
    look(show)
    assert any("192x192 is painted instead of 256x256" in one for one in show.messages)
    assert performance.size == Size(192, 192)
    assert vars(performance.loop.pipeline.backend)["model"] is model, (
        "its weights were not loaded again"
    )
    show.frames(3)
    faults = performance.metrics.faults
    show.frames(5)
    assert performance.metrics.faults == faults, "it paints again"
    assert not performance.loop.pipeline.fails
    assert bank.playing is not None
    assert bank.playing.backend is performance.loop.pipeline.backend


def test_where_nothing_is_left_it_is_said_once(
    show: PlayedShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    model: Any = show.performance.loop.pipeline.backend.model  # type: ignore[attr-defined]

    def full(*given: Any) -> Tensor:
        raise RuntimeError("CUDA error: out of memory")

    monkeypatch.setattr(model, "_denoise", full)
    for _ in range(3):
        look(show)
    said = [one for one in show.messages if "nothing left to give up" in one]
    assert len(said) == 1
    assert show.performance.size == Size(256, 256)
    assert not show.performance.run_state.over.is_set()


def test_another_fault_gives_nothing_up(show: PlayedShow, monkeypatch: pytest.MonkeyPatch) -> None:
    model: Any = show.performance.loop.pipeline.backend.model  # type: ignore[attr-defined]
    part = has_graph(model)

    def broken(*given: Any) -> Tensor:
        raise RuntimeError("a shape does not fit")

    monkeypatch.setattr(model, "_denoise", broken)
    look(show)
    assert part.graphs == 1
    assert not any("memory is full" in one for one in show.messages)


@pytest.mark.parametrize("size", [Size(512, 512), Size(768, 432), Size(1024, 576), Size(256, 256)])
def test_smaller_sizes_keep_the_shape_about(size: Size) -> None:
    sizes = smaller_sizes(size)
    assert sizes
    for one in sizes:
        assert min(one) >= LEAST
        assert one.width * one.height < size.width * size.height
        assert one.width / one.height == pytest.approx(size.width / size.height, rel=0.2)
        assert one == one.rounded(8)
