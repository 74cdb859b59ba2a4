"""A model's networks made faster for the shapes that are made ready, without a card: what stands in
for torch.compile counts, and what stands in for TensorRT is a module of its name."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.diffusion.adapter_parts import load
from vj.diffusion import speed
from vj.diffusion.speed import FastForward, make_fast, missing


class Double(nn.Module):
    def forward(self, x: Tensor, more: Tensor | None = None) -> Tensor:
        return 2 * x if more is None else 2 * x + more


def counting(module: Any) -> Any:
    """What compiles it: exact, and leaves a trace."""
    own = module.forward

    def fast(*given: Any, **more: Any) -> Any:
        calls.append(threading.get_ident())
        return own(*given, **more)

    return fast


calls: list[int] = []


@pytest.fixture(autouse=True)
def forget_calls() -> None:
    calls.clear()


def test_only_what_was_made_ready_is_faster_and_all_gives_the_same() -> None:
    module = Double()
    module.forward = fast = FastForward("double", module, counting)  # type: ignore[assignment]
    one, two = torch.ones(1, 3), torch.ones(2, 3)
    assert torch.equal(module(one), 2 * one)
    assert not calls, "a frame waits for no compiler"
    with fast.made_ready():
        module(one)
    assert (len(calls), fast.made) == (1, 1)
    assert torch.equal(module(one), 2 * one)
    assert len(calls) == 2
    for other in (two, one.double(), one.T):
        assert torch.equal(module(other), 2 * other)
    assert torch.equal(module(one, more=one), 3 * one)
    assert len(calls) == 2, "another shape, type or argument is computed as it is"


def test_another_thread_waits_for_no_compiler_meanwhile() -> None:
    module = Double()
    module.forward = fast = FastForward("double", module, counting)  # type: ignore[assignment]
    with fast.made_ready():
        player = threading.Thread(target=lambda: module(torch.ones(1, 3)))
        player.start()
        player.join()
        assert fast.made == 0
    assert not calls


def test_what_cannot_be_compiled_plays_on_and_says_so_once() -> None:
    said: list[str] = []

    def broken(module: Any) -> Any:
        raise RuntimeError("no kernel for this")

    module = Double()
    module.forward = fast = FastForward("the UNet", module, broken, said.append)  # type: ignore[assignment]
    one = torch.ones(1, 3)
    for _ in range(3):
        with fast.made_ready():
            assert torch.equal(module(one), 2 * one)
    assert said == ["the UNet is computed as it is (RuntimeError: no kernel for this)"]
    assert fast.made == 0


def test_without_triton_and_tensorrt_it_says_what_installs_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speed.importlib.util, "find_spec", lambda name: None)
    said: list[str] = []
    module = Double()
    for name in ("compile", "tensorrt"):
        assert make_fast(name, {"the UNet": module}, said.append) == []
    assert "forward" not in vars(module)
    assert ["pip install triton" in said[0], "pip install torch-tensorrt" in said[1]] == [True] * 2
    assert all("CUDA graphs are played" in text for text in said)
    assert [missing(name) for name in ("auto", "eager", "graph")] == [""] * 3


def test_torch_compile_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real one, with the backend that generates no code."""
    real = torch.compile
    monkeypatch.setattr(torch, "compile", lambda work, **more: real(work, backend="eager", **more))
    module = Double()
    module.forward = fast = FastForward("double", module, speed._compiled)  # type: ignore[assignment]
    with torch.no_grad(), fast.made_ready():
        module(torch.ones(1, 3))
    assert fast.made == 1
    for number in range(3):
        x = torch.full((1, 3), float(number))
        with torch.no_grad():
            assert torch.equal(module(x), 2 * x)


def test_tensorrt_is_asked_for_an_engine_whose_weights_can_be_set_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[dict[str, Any]] = []
    stand_in = ModuleType("torch_tensorrt")

    def mutable(module: Any, **settings: Any) -> Any:
        asked.append(settings)
        return counting(module)

    vars(stand_in).update(MutableTorchTensorRTModule=mutable)
    monkeypatch.setitem(sys.modules, "torch_tensorrt", stand_in)
    monkeypatch.setattr(speed, "missing", lambda name: "")
    module = Double()
    (fast,) = make_fast("tensorrt", {"the UNet": module})
    with fast.made_ready():
        assert torch.equal(module(torch.ones(1, 3)), 2 * torch.ones(1, 3))
    assert asked == [{"use_explicit_typing": True, "immutable_weights": False}]


@pytest.mark.parametrize("asked", ["eager", "graph", "compile", "tensorrt"])
def test_without_a_card_a_speed_is_told_to_be_none(parts: Path, asked: str) -> None:
    model = load(parts, "turbo", speed=asked)
    assert "forward" not in vars(model.pipe.unet)
    said: list[str] = []
    model.log = said.append
    model.__post_init__()
    assert said == [f"speed {asked}: is for NVIDIA cards; turbo is computed as it is"]
    with model.made_fast():
        assert torch.isfinite(model.decode(torch.zeros(1, 4, 8, 8))).all()


def test_weights_of_loras_are_played_and_so_nothing_is_compiled(parts: Path) -> None:
    said: list[str] = []
    pipe = load(parts, "turbo").pipe
    assert speed.made_fast("compile", "turbo", pipe, True, said.append) == []
    assert said == ["speed compile: the weights of LoRAs are played; CUDA graphs are, too"]
    assert "forward" not in vars(pipe.unet)
