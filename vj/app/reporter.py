"""Collects the status of a live show, and its summary, from the parts that know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vj.app.context import ShowContext
from vj.app.deck import Deck
from vj.app.live_sound import LiveSound
from vj.app.model_loader import ModelLoader
from vj.app.outputs import Outputs
from vj.app.servers import Servers
from vj.app.show_effects import unused_effects
from vj.app.status import Status, osc_status
from vj.app.unused import unused
from vj.app.video_input import VideoInput
from vj.control.scenes import SCENES
from vj.control.session import ControlSession
from vj.parameters.scenes import playing_scenes
from vj.pipeline.loop import RenderLoop
from vj.sources.network import without_password


def _position(deck: Deck) -> float | None:
    place = deck.place
    return None if place is None else round(place[0], 4)


@dataclass(frozen=True)
class Reporter:
    """Reads the parts of one live show. All of it may be called from any thread."""

    context: ShowContext
    video_input: VideoInput
    loop: RenderLoop
    outputs: Outputs
    session: ControlSession
    servers: Servers
    loader: ModelLoader
    sound: LiveSound

    def status(self) -> Status:
        """How the show stands now."""
        context, metrics = self.context, self.context.metrics
        p50, p95 = metrics.recent_latency()
        backend, engine, midi = self.loop.pipeline.backend, self.session.engine, self.session.midi
        page, capture = self.servers.page, self.video_input.capture
        values, effects = context.store.base(), self.loop.pipeline.effects
        why = unused(
            context.run.show,
            context.store.table,
            values,
            {**backend.unused, **unused_effects(effects, values)},
            capture.uri if capture is not None else context.run.show.source[0],
        )
        return Status(
            show=context.run.show.show,
            state=context.run.text,
            fps=round(metrics.fps(), 1),
            latency_ms=[round(p50 * 1e3), round(p95 * 1e3)],
            dropped=self.outputs.dropped,
            skipped=self.video_input.inbox.dropped,
            repeated=metrics.repeated,
            faults=metrics.faults,
            threads=context.supervisor.threads,
            stumbled=[f"{name} {times}" for name, times in context.supervisor.faults.items()],
            stalled=context.supervisor.stalled,
            source=self.video_input.state,
            source_position=_position(self.video_input.a),
            deck_b=self.video_input.b.state,
            deck_b_position=_position(self.video_input.b),
            awaited=[without_password(uri) for uri in self.video_input.awaited],
            sinks=self.outputs.sinks.states(),
            sound=self.sound.state(),
            effects=effects.states(),
            page=page.url if page is not None else "",
            model=self.loop.backend_name,
            models_ready=self.loader.bank.ready(),
            size=str(self.loop.pipeline.size),
            understood=backend.understood,
            subject=self._subject(),
            unused=list(why),
            unused_why=why,
            journey=bool(context.store.get("journey")),
            strength=float(context.store.get("strength")),
            prompt=self._prompt(),
            uptime=round(context.clock.now(), 1),
            cue=engine.cues.current or "",
            cues=list(engine.cues.cues),
            keys=self.session.cue_keys(),
            bpm=round(engine.tempo.bpm, 2),
            delay=self.outputs.delayed.state(),
            timecode=engine.sequencer.chase.text,
            midi=midi.state if midi is not None else "",
            dmx=self.session.ports.dmx.state,
            lights=self.outputs.lights.state,
        )

    def _prompt(self) -> str:
        """The first prompt, or that of the scene that the picture is nearest to."""
        store = self.context.store
        scenes = playing_scenes({name: store.get(name) for name in ("prompt/list", SCENES)})
        if not scenes:
            return str(store.get("prompt/a"))
        place = min(1.0, max(0.0, self.session.engine.scenes.position)) * (len(scenes) - 1)
        return scenes[round(place)].prompt

    def _subject(self) -> str:
        """Of mask/mode subject."""
        if self.context.store.get("mask/mode") != "subject":
            return ""
        return self.loop.pipeline.preparation.masks.tracker.state

    def osc_status(self) -> Mapping[str, Sequence[float | int | str]]:
        """The same for `/vj/status/*`, with the show's own answers."""
        size = self.loop.pipeline.size
        values = {
            **self.context.store.base(),
            "frames": self.context.metrics.painted,
            "width": size.width,
            "height": size.height,
        }
        return osc_status(self.status(), self.context.run.show.answers, values)

    def summary(self) -> dict[str, Any]:
        """The whole run, for its end: what the terminal and `--json` get."""
        metrics, supervisor = self.context.metrics, self.context.supervisor
        p50, p95 = metrics.whole_latency()
        osc = self.servers.osc
        return {
            "show": self.context.run.show.show,
            "model": self.loop.backend_name,
            "size": str(self.loop.pipeline.size),
            "seconds": round(self.context.clock.now(), 2),
            "painted": metrics.painted,
            "fps": round(metrics.whole_fps(), 2),
            "latency_ms": {"p50": round(p50 * 1e3, 1), "p95": round(p95 * 1e3, 1)},
            "repeated": metrics.repeated,
            "skipped_input": self.video_input.inbox.dropped,
            "dropped_output": self.outputs.dropped,
            "unguided": self.outputs.unguided,
            "faults": metrics.faults,
            "stumbled": supervisor.faults,
            "stages_ms": {name: round(value * 1e3, 2) for name, value in metrics.stages().items()},
            "sent": self.outputs.sinks.sent(),
            "osc": {"messages": osc.messages, "ignored": osc.ignored} if osc is not None else {},
        }
