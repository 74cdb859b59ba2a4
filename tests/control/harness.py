"""A show's controls without pictures: parameters, frame by frame, at times that the test sets."""

from __future__ import annotations

from typing import Any

from vj.control.build import make_engine
from vj.core.input_features import InputFeatures
from vj.parameters.store import Snapshot, Store
from vj.show.load import check_show
from vj.show.midi_controls import control

FPS = 30

CUES = [
    {"name": "calm", "set": {"noise/hold": 1.0, "prompt/a": "sea"}},
    {
        "name": "storm",
        "fade": "2 s",
        "ease": "s-curve",
        "set": {"noise/hold": 0.0, "prompt/a": "storm", "similarity": 0.5},
    },
    {"name": "after", "fade": "1 s", "set": {"noise/hold": 0.5}},
]


class ControlHarness:
    """Plays a show's parameters frame by frame. `now`: seconds, may be set; `latency`: of the
    picture, which quantised changes are early by; `features`: what is measured of the input, which
    the test sets; `messages`: what was logged; `frames`: all that
    were played."""

    def __init__(self, **show: Any) -> None:
        self.messages: list[str] = []
        self.show = check_show(show, "test")
        self.store = Store({"tempo/bpm": self.show.tempo.bpm, **self.show.start}, self.show.table())
        self.latency = 0.0
        self.features = InputFeatures()
        self.now = 0.0
        self.engine, self.audio_inputs = make_engine(
            self.show,
            self.store,
            live=False,
            log=self.messages.append,
            now=lambda: self.now,
            latency=lambda: self.latency,
            features=self.features,
        )
        self.store.listeners.append(self.engine.changed)
        self.store.automation = self.engine
        self.frames: list[Snapshot] = []

    def play(self, seconds: float) -> list[Snapshot]:
        """The frames of so many seconds."""
        made = []
        for _ in range(round(seconds * FPS)):
            made.append(self.store.sample(self.now))
            self.now += 1 / FPS
        self.frames += made
        return made

    def osc(self, address: str, *values: Any) -> None:
        assert self.engine.on_osc(address, values), address

    def midi(self, name: str, raw: float, device: str = "nano") -> None:
        self.engine.on_midi(control(name), raw, device)

    def at(self, name: str) -> Any:
        """A parameter in the next frame."""
        return self.play(1 / FPS)[0][name]
