"""What painting a frame takes with a model: its parts, the whole of it from host to host, a card's
memory, and the kernels that are run for it."""

from __future__ import annotations

import gc
import itertools
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from vj.bench.random_models import ARCHITECTURES, random_pipe
from vj.bench.timing import Laps, laps
from vj.core.clock import WallClock
from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.diffusion.backends import StreamBackend
from vj.diffusion.graphs import STEADY
from vj.diffusion.loading import load_backends
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.prompts import Embedding
from vj.parameters.store import Store
from vj.pipeline.backend import Backend
from vj.pipeline.frame_pipeline import FramePipeline

Figures = dict[str, float | str]

PLAYED: dict[str, Any] = {
    "strength": 0.6,
    "prompt/a": "gold",
    "feedback/zoom": 1.01,
    "picture/sharpen": 0.2,
}
"""What is asked of a frame."""
PICTURES = 30
CAPTURED = 60.0
"""Seconds that graphs have to be made beside the picture, at most."""


class MeasuredModel:
    """One model at one size, on one machine. To be closed."""

    def __init__(
        self, name: str, size: Size, steps: int, device: torch.device, speed: str, pipe: Any
    ) -> None:
        """name: one of `ARCHITECTURES`, or a built-in model. pipe: see `random_pipe`; None for a
        built-in one."""
        self.size, self.device, self.said = size, device, list[str]()
        self._steps = steps
        self._store = Store({**PLAYED, "steps": steps})
        self.backend: Backend
        dtype = torch.float16 if device.type == "cuda" else torch.float32
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        begun = time.perf_counter()
        snapshot = self._store.sample(0.0)
        if pipe is None:
            self.model: Model | None = None
            spec = ModelSpec(name, device=device.type)
            self.backend = load_backends(spec, "stream", size, snapshot, True, self.say)(size)
        else:
            family = ARCHITECTURES[name].family
            self.model = Model(name, family, device, dtype, pipe, log=self.say, speed=speed)
            self.model.to(dtype)
            self.backend = backend = StreamBackend(self.model, size, wait=True)
            backend.warm(snapshot)
        self._metrics = Metrics()
        self._pipelines: list[FramePipeline] = []
        self.made_in = time.perf_counter() - begun

    def say(self, text: str) -> None:
        """What the model says of itself: how it plays where it was asked for otherwise."""
        self.said.append(text)

    def _frames(self, **more: Any) -> Callable[[], object]:
        """Paints the next frame of a moving picture when called."""
        late = "output/late" in more
        store = Store({**PLAYED, "steps": self._steps, **more})
        pipeline = FramePipeline(self.size, "crop", self._metrics, self.say, live=late)
        pipeline.exchange(self.backend)
        self._pipelines.append(pipeline)
        ramp = np.linspace(0, 255, self.size.width + PICTURES).astype(np.uint8)
        pictures = [
            np.ascontiguousarray(
                np.broadcast_to(
                    ramp[None, at : at + self.size.width, None],
                    (self.size.height, self.size.width, 3),
                )
            )
            for at in range(PICTURES)
        ]
        clock, numbers = WallClock(), itertools.count()

        def paint() -> object:
            number, now = next(numbers), clock.now()
            picture = pictures[number % PICTURES]
            return pipeline.process(Frame(picture, number, now), store.sample(now))

        return paint

    def frame(self, seconds: float, **more: Any) -> Laps:
        """Whole frames, host to host. more: parameters other than `PLAYED`."""
        paint = self._frames(**more)
        self._until_graphed(paint)
        # one frame late the card paints while the next frame is made ready
        taken = laps(paint, self.device, seconds, waits="output/late" not in more)
        if self._metrics.faults:
            raise Fault(self.said[-1] if self.said else "the model failed in a frame")
        return taken

    def parts(self, seconds: float) -> dict[str, Laps]:
        """Encoder, UNet and decoder, each by itself, as it plays."""
        model = self.model
        assert model is not None
        shape = (1, 3, self.size.height, self.size.width)
        picture = torch.rand(shape, device=self.device, dtype=model.dtype) * 2 - 1
        latents, text = model.encode(picture), model.encode_text("gold")
        rows = self._steps
        pooled = None if text.pooled is None else text.pooled.repeat(rows, 1)
        texts = Embedding(text.tokens.repeat(rows, 1, 1), pooled)
        t = torch.full((rows,), 600.0, device=self.device)
        batch = latents.repeat(rows, 1, 1, 1)
        works: dict[str, Callable[[], object]] = {
            "encode": lambda: model.encode(picture),
            "UNet": lambda: model.unet(batch, t, texts),
            "decode": lambda: model.decode(latents),
        }
        for work in works.values():
            self._until_graphed(work)
        return {part: laps(work, self.device, seconds) for part, work in works.items()}

    def _until_graphed(self, work: Callable[[], object]) -> None:
        """Do it until it plays as it will go on playing."""
        if self.model is None or self.device.type != "cuda":
            return
        for _ in range(2 * STEADY):
            work()
        end = time.monotonic() + CAPTURED
        while self.model.capturing and time.monotonic() < end:
            time.sleep(0.01)

    def memory(self) -> Figures:
        """What the card gave at most since this was made; empty without one."""
        if self.device.type != "cuda":
            return {}
        return {
            "VRAM allocated MB": round(torch.cuda.max_memory_allocated(self.device) / 1e6),
            "VRAM reserved MB": round(torch.cuda.max_memory_reserved(self.device) / 1e6),
        }

    def kernels(self) -> list[tuple[str, int, float]]:
        """Of one frame: (name, how often, milliseconds of all), the longest first. On a card its
        kernels, else torch's operators."""
        from torch.profiler import ProfilerActivity, profile

        paint = self._frames()
        for _ in range(3):
            paint()
        card = self.device.type == "cuda"
        asked = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if card else [])]
        with profile(activities=asked) as profiled:
            paint()
            if card:
                torch.cuda.synchronize(self.device)
        found = []
        for event in profiled.key_averages():
            if card and "CUDA" not in str(event.device_type):
                continue
            took = event.self_device_time_total if card else event.self_cpu_time_total
            found.append((str(event.key), int(event.count), took / 1e3))
        return sorted(found, key=lambda one: -one[2])

    def close(self) -> None:
        """End it, and give its memory back."""
        for pipeline in self._pipelines[:-1]:
            pipeline.release_backend()
        if self._pipelines:
            self._pipelines[-1].close()
        else:
            self.backend.close()
        if self.model is not None:
            vae = self.model.pipe.vae  # what was compiled stands in place of a module's own
            for module in (self.model.pipe.unet, vae.encoder, vae.decoder):
                module.__dict__.pop("forward", None)
        self.model = None
        del self.backend
        self._pipelines.clear()
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


class Models:
    """One model's weights at a time; the ones before are given back first."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._name, self._pipe = "", None

    def pipe(self, name: str) -> Any:
        """See `random_pipe`; None for the built-in model."""
        if name not in ARCHITECTURES:
            return None
        if name != self._name:
            self.let_go()
            dtype = torch.float16 if self.device.type == "cuda" else torch.float32
            self._name, self._pipe = name, random_pipe(name, self.device, dtype)
        return self._pipe

    def let_go(self) -> None:
        """Free what there is."""
        self._name, self._pipe = "", None
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def whole_frame(painting: MeasuredModel, seconds: float) -> Figures:
    """p50 and p95 of a frame, and how many come in a second."""
    frame = painting.frame(seconds)
    figures: Figures = {"frame p50 ms": frame.p50, "frame p95 ms": frame.p95, "fps": frame.rate}
    return figures | painting.memory() | {"ready s": round(painting.made_in, 1)}


def by_parts(painting: MeasuredModel, seconds: float) -> Figures:
    """The same, and where the time goes. glue: what is left of a frame beside the three parts."""
    whole = whole_frame(painting, seconds)
    parts = {name: part.p50 for name, part in painting.parts(seconds / 4).items()}
    glue = float(whole["frame p50 ms"]) - sum(parts.values())
    times = {f"{name} ms": took for name, took in parts.items()}
    return {**whole, **times, "glue ms": round(glue, 3)}
