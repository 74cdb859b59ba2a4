"""What the page is told of the show that plays (`vj.web.page_socket.PageShow`). Read on the page's
thread; nothing here blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from vj.app import page_layout
from vj.app.context import ShowContext
from vj.app.model_words import MODEL_WORDS
from vj.app.status import Status
from vj.app.word_lookup import WordLookup
from vj.control.osc.query import node_at, tree
from vj.control.session import ControlSession
from vj.parameters.store import Snapshot
from vj.parameters.table import Value
from vj.pipeline.backend import Words
from vj.pipeline.loop import RenderLoop
from vj.show.names import without_paths

Json = dict[str, Any]
PROMPTS = ("prompt/a", "prompt/b")


class PageFeed:
    """Reads the parts of one live show."""

    def __init__(
        self,
        context: ShowContext,
        session: ControlSession,
        loop: RenderLoop,
        status: Callable[[], Status],
        more: Callable[[], Json] = dict,
        more_state: Callable[[], Json] = dict,
        more_moving: Callable[[], Json] = dict,
    ) -> None:
        """status: how the show stands. more, more_state, more_moving: further keys of `show`, of
        `state`, and of those of `state` that change from frame to frame."""
        self._context, self._session, self._loop = context, session, loop
        self._status, self._more, self._more_state = status, more, more_state
        self._more_moving = more_moving
        self._newest: Mapping[str, Value] = MappingProxyType({})
        self._words = WordLookup(context.supervisor)
        self._beat: tuple[object, Json] = (None, {})
        context.store.observers.append(self._observe)

    def _observe(self, snapshot: Snapshot) -> None:
        self._newest = snapshot.values

    def close(self) -> None:
        """End its thread."""
        self._words.close()

    def effective(self) -> Mapping[str, Value]:
        """The values of the last frame."""
        return self._newest

    def describe(self) -> Json:
        """The keys of `show`, but for what the socket adds itself."""
        show, store, engine = self._context.run.show, self._context.store, self._session.engine
        cues = list(engine.cues.cues)
        table, unused = store.table, dict(self._status().unused_why)
        page = show.page
        node = node_at(tree(store, lambda name: cues if name == "cue/fire" else []), "/vj")
        return {
            "name": show.show,
            "tree": _without_values(node),
            "groups": page_layout.groups(table),
            "stage": {
                "faders": page_layout.faders(table, page.faders, unused),
                "pads": page_layout.pads(page.pads, cues, self._session.cue_keys()),
                "xy": page_layout.xy(table, page.xy, unused),
            },
            "mapped": engine.mapped(),
            "moved_by": engine.moved_by(),
            "unused": unused,
            "timeline": engine.timeline_outline(),
            "words": self._vocabulary(),
        } | self._more()

    def state(self) -> Json:
        """The keys of `state` that change rarely."""
        status = self._status()
        stages = self._context.metrics.stages()
        slowest = max(stages, key=lambda name: stages[name], default="")
        show = self._context.run.show
        named = [*show.source, *show.sources.values(), *show.sinks]
        found: Json = {
            "state": status.state,
            "fps": status.fps,
            "latency_ms": list(status.latency_ms),
            "bottleneck": f"{slowest} {stages[slowest] * 1e3:.0f} ms" if slowest else "",
            "source": without_paths(status.source, named),
            "sinks": [without_paths(sink, named) for sink in status.sinks],
            "model": status.model,
            "size": status.size,
            "understood": status.understood,
            "unknown": self._unknown(),
            "midi": status.midi,
            "timecode": status.timecode,
            "dmx": status.dmx,
            "take": self._session.take.seconds,
        }
        return found | self._more_state()

    def moving(self) -> Json:
        """The keys of `state` that change from frame to frame."""
        live = self._session.engine.live_state()
        beat = live.running, int(live.beat // 1), round(live.bpm, 2), live.beats_per_bar
        if beat != self._beat[0]:
            self._beat = (
                beat,
                {"beat": live.beat, "per_bar": live.beats_per_bar, "running": live.running},
            )
        fade, timeline = live.fade, live.timeline
        return {
            "cue": live.cue,
            "next_cue": live.next_cue,
            "fade": None
            if fade is None
            else {"cue": fade[0], "progress": round(fade[1], 3), "seconds": fade[2]},
            "bpm": round(live.bpm, 2),
            "beat": self._beat[1],
            "timeline": None
            if timeline is None
            else {"position": round(timeline[0], 2), "playing": timeline[1]},
            "learn": self._session.learn_state(),
            "controls": self._session.recent_controls(),
            "canvas": self._context.canvas.state(),
            "modulators": {name: round(level, 3) for name, level in live.modulators.items()},
            "audio": [
                {"name": name, "band": band, "level": round(level, 3), "gain": round(gain, 3)}
                for name, band, level, gain in live.audio
            ],
        } | self._more_moving()

    @property
    def _model_words(self) -> Words:
        return self._loop.pipeline.backend.words

    def _vocabulary(self) -> Json | None:
        """The words that the model knows; None where it has no list of them."""
        words = MODEL_WORDS.get(self._model_words)
        return None if words is None else dict(words.vocabulary())

    def _unknown(self) -> dict[str, list[Json]]:
        """Words of the prompts that the model does not know as they are written."""
        texts = {name: str(self._newest.get(name, "")) for name in PROMPTS}
        return self._words.of(self._model_words, texts)


def _without_values(node: Json) -> Json:
    """A node of the OSCQuery tree without VALUE: those come by themselves, at every change."""
    kept = {key: value for key, value in node.items() if key not in ("VALUE", "CONTENTS")}
    if node.get("TYPE") in ("T", "F"):
        kept["TYPE"] = "T"  # a switch; the letter follows its value
    if "CONTENTS" in node:
        kept["CONTENTS"] = {
            name: _without_values(child) for name, child in node["CONTENTS"].items()
        }
    return kept
