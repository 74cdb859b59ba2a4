"""What a performance says about itself: while it plays, to OSC, and at its end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vj.app.live import Performance


def status(performance: Performance) -> dict[str, Any]:
    """Everything about the performance that one would want to see while it plays."""
    p50, p95 = performance.metrics.recent_latency()
    return {
        "show": performance.show.show,
        "state": performance.state,
        "fps": round(performance.metrics.fps(), 1),
        "latency_ms": [round(p50 * 1e3), round(p95 * 1e3)],
        "dropped": performance.dropped,
        "skipped": performance.inbox.dropped,
        "repeated": performance.metrics.repeated,
        "faults": performance.metrics.faults,
        "threads": performance.supervisor.threads,
        "stumbled": [f"{name} {times}" for name, times in performance.supervisor.faults.items()],
        "stalled": performance.supervisor.stalled,
        "source": performance.source_state,
        "awaited": performance.awaited,
        "sinks": [
            *performance.sinks.states(),
            *([f"preview {performance.page.url}"] if performance.page is not None else []),
        ],
        "model": performance.loop.backend_name,
        "size": str(performance.size),
        "understood": getattr(performance.loop.pipeline.backend, "understood", ""),
        "unused": list(performance.loop.pipeline.backend.unused),
        "strength": performance.store.get("strength"),
        "prompt": performance.store.get("prompt/a"),
        "uptime": round(performance.clock.now(), 1),
        "cue": performance.session.engine.cues.standing or "",
        "cues": list(performance.session.engine.cues.cues),
        "keys": performance.session.cue_keys(),
        "bpm": round(performance.session.engine.tempo.bpm, 2),
        "midi": performance.session.midi.state if performance.session.midi is not None else "",
    }


def osc_status(performance: Performance) -> Mapping[str, Sequence[float | int | str]]:
    """The same for `/vj/status/*`."""
    report = status(performance)
    answers = {
        address: _answer(performance, what, report)
        for address, what in performance.show.answers.items()
        if what != "now"
    }
    return answers | {
        "fps": [float(report["fps"])],
        "latency_ms": [float(value) for value in report["latency_ms"]],
        "dropped": [report["dropped"]],
        "source": [report["source"]],
        "awaited": report["awaited"],
        "sinks": report["sinks"],
        "model": [report["model"]],
        "state": [report["state"]],
        "understood": [report["understood"]],
        "cue": [report["cue"]],
        "bpm": [float(report["bpm"])],
    }


def _answer(
    performance: Performance, what: str | float, report: Mapping[str, Any]
) -> list[float | int | str]:
    """What an old patch expects at an address of its own: a value of the status or a parameter by
    its name, one of several (`sinks 0`), `frames`, `width`, `height`, all of the status as `json`,
    or what is written there."""
    if what == "json":
        return [json.dumps(report, default=str)]
    more = {
        "frames": performance.metrics.painted,
        "width": performance.size.width,
        "height": performance.size.height,
    }
    found: Any = what
    if isinstance(what, str):
        name, _, place = what.partition(" ")
        values = performance.store.base() | dict(report) | more
        found = values.get(name, what) if not place or place.isdecimal() else what
        if place.isdecimal() and isinstance(found, list):
            found = found[int(place)] if int(place) < len(found) else ""
    if isinstance(found, list):
        return list(found)
    return [float(found)] if isinstance(found, float) else [found]


def summary(performance: Performance) -> dict[str, Any]:
    """What became of it, for the end."""
    p50, p95 = performance.metrics.whole_latency()
    seconds = performance.clock.now()
    return {
        "show": performance.show.show,
        "model": performance.loop.backend_name,
        "size": str(performance.size),
        "seconds": round(seconds, 2),
        "painted": performance.metrics.painted,
        "fps": round(performance.metrics.whole_fps(), 2),
        "latency_ms": {"p50": round(p50 * 1e3, 1), "p95": round(p95 * 1e3, 1)},
        "repeated": performance.metrics.repeated,
        "skipped_input": performance.inbox.dropped,
        "dropped_output": performance.dropped,
        "unguided": performance.unguided,
        "faults": performance.metrics.faults,
        "stumbled": performance.supervisor.faults,
        "stages_ms": {
            name: round(value * 1e3, 2) for name, value in performance.metrics.stages().items()
        },
        "sent": performance.sinks.sent(),
        "osc": {"messages": performance.osc.messages, "ignored": performance.osc.ignored}
        if performance.osc is not None
        else {},
    }
