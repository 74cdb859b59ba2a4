"""What a live show reports about itself: while it plays, over OSC, and at its end. Plain values;
`vj.app.reporter` collects them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

Answer = str | float
"""What a show file lets an address answer: a word, see `old_address_answer`, or a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A live show at one moment. The names of the fields are the keys of the status as JSON."""

    show: str = ""
    state: str = ""
    """`starting`, what the model loader does, `playing`, `no model` or `stopping`."""
    fps: float = 0.0
    """Frames a second over the last seconds."""
    latency_ms: Sequence[int] = (0, 0)
    """From capture to sending: median, and what 95 % stay below."""
    dropped: int = 0
    """Frames that were made and not sent, since the upscaler or a sink was busy."""
    skipped: int = 0
    """Frames of the source that no image was made of."""
    repeated: int = 0
    """Frames that were made without a new one of the source."""
    faults: int = 0
    threads: Sequence[str] = ()
    """Supervised threads that run."""
    stumbled: Sequence[str] = ()
    """`NAME TIMES` for each piece of work that has raised an error and was done again."""
    stalled: Sequence[str] = ()
    """Stages that take too long at this moment."""
    source: str = ""
    source_position: float | None = None
    """Where its clip stands, 0..1; None for what has no length."""
    deck_b: str = ""
    """What is on deck B; empty for nothing."""
    deck_b_position: float | None = None
    awaited: Sequence[str] = ()
    """Sources that would play instead of the one that does, if they were there."""
    sinks: Sequence[str] = ()
    sound: str = ""
    """What is heard, and how much later than it was taken: `the source's, delayed by 64 ms`."""
    effects: Sequence[str] = ()
    """Of each of the show's own: `trails 1.2 ms`, or why it is left out."""
    page: str = ""
    """Its URL on this machine; empty without one."""
    model: str = ""
    models_ready: Sequence[str] = ()
    """Names of models that are loaded and take over with the next frame."""
    size: str = ""
    """What is generated, in pixels: `512x512`."""
    understood: str = ""
    subject: str = ""
    """What the built-in model made of the prompts."""
    unused: Sequence[str] = ()
    """Parameters that change nothing as the show stands."""
    unused_why: Mapping[str, str] = field(default_factory=dict)
    """The same, each with the reason."""
    journey: bool = False
    """It flies on from a moment: the input is let go."""
    strength: float = 0.0
    prompt: str = ""
    uptime: float = 0.0
    """Seconds."""
    cue: str = ""
    cues: Sequence[str] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    """Which key fires which cue."""
    bpm: float = 0.0
    delay: str = ""
    """`500 ms, late 3 of 100`: of output/delay; empty without one."""
    timecode: str = ""
    """`01:02:03:04 25 fps chasing`, or freewheel, lost, standing, waiting; empty for a show that
    follows none."""
    midi: str = ""
    dmx: str = ""
    """Which lighting desk sends which universe; empty where none is listened to."""
    lights: str = ""
    """Where the levels of lamps that follow the picture go; empty for nowhere."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }


def osc_status(
    status: Status, answers: Mapping[str, Answer], values: Mapping[str, Any]
) -> Mapping[str, Sequence[float | int | str]]:
    """The same for `/vj/status/*`, and for a show's own `answers`: address -> arguments. values:
    what answers may name besides the status, such as parameters."""
    report = status.as_dict()
    own = {
        address: old_address_answer(what, report, values)
        for address, what in answers.items()
        if what != "now"
    }
    return own | {
        "fps": [float(status.fps)],
        "latency_ms": [float(value) for value in status.latency_ms],
        "dropped": [status.dropped],
        "source": [status.source],
        "source_position": [_place(status.source_position)],
        "deck_b": [status.deck_b],
        "deck_b_position": [_place(status.deck_b_position)],
        "awaited": list(status.awaited),
        "sinks": list(status.sinks),
        "sound": [status.sound],
        "effects": list(status.effects),
        "model": [status.model],
        "models_ready": list(status.models_ready),
        "state": [status.state],
        "understood": [status.understood],
        "journey": [int(status.journey)],
        "subject": [status.subject],
        "cue": [status.cue],
        "bpm": [float(status.bpm)],
        "dmx": [status.dmx],
        "lights": [status.lights],
        "timecode": [status.timecode],
        "delay": [status.delay],
    }


def _place(position: float | None) -> float:
    """-1 for what has no length."""
    return -1.0 if position is None else float(position)


def old_address_answer(
    what: Answer, report: Mapping[str, Any], values: Mapping[str, Any]
) -> list[float | int | str]:
    """What a patch made for another program expects at an address of its own. what: the name of a
    value of the status or of `values`, one entry of several (`sinks 0`), all of the status as
    `json`, or what is to be sent as it is."""
    if what == "json":
        return [json.dumps(report, default=str)]
    found: Any = what
    if isinstance(what, str):
        name, _, place = what.partition(" ")
        known = {**values, **report}
        found = known.get(name, what) if not place or place.isdecimal() else what
        if place.isdecimal() and isinstance(found, list):
            found = found[int(place)] if int(place) < len(found) else ""
    if isinstance(found, list):
        return list(found)
    return [float(found)] if isinstance(found, float) else [found]
