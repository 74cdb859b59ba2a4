"""What is going on in a frame, for those who show it: the standing cue and its fade, the beat, the
timeline, modulators, audio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from vj.control.cues import CueList
from vj.control.modulation import AudioLevel, ModulationMatrix
from vj.control.sequencer import Sequencer
from vj.control.tempo import Tempo


class PlayedShow(Protocol):
    """What of a control engine is shown."""

    @property
    def cues(self) -> CueList: ...
    @property
    def sequencer(self) -> Sequencer: ...
    @property
    def tempo(self) -> Tempo: ...
    @property
    def modulations(self) -> ModulationMatrix: ...


@dataclass(frozen=True, slots=True)
class LiveState:
    """One frame's state. Made anew each frame and never changed, so any thread may read it."""

    cue: str | None = None
    """The standing cue."""
    next_cue: str | None = None
    """What `cue/go` fires."""
    fade: tuple[str, float, float] | None = None
    """The cue that was fired last, the share of its fade's time that has passed, 0..1, and the
    fade's duration in seconds; None when it is over."""
    bpm: float = 120.0
    beat: float = 0.0
    """Beats since the start, or since the clock's."""
    beats_per_bar: float = 4.0
    running: bool = True
    """False while a MIDI clock has stopped the beat."""
    timeline: tuple[float, bool] | None = None
    """The position in seconds, and whether it moves. None without timeline and curves."""
    modulators: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Levels 0..1 by the parameters that scale them, such as mod/wobble; before that scaling."""
    audio: tuple[AudioLevel, ...] = ()

    @classmethod
    def of(cls, played: PlayedShow, time: float) -> LiveState:
        """The state in the frame at `time`. On the render thread."""
        cues, tempo, timeline = played.cues, played.tempo, played.sequencer.timeline
        chase = played.sequencer.chase
        return cls(
            cues.current,
            cues.neighbour(1),
            cues.fading(time, tempo),
            tempo.bpm,
            tempo.beat(time),
            tempo.beats_per_bar,
            tempo.running,
            (timeline.seconds(time, tempo), not (timeline.stopped or chase.stands))
            if played.sequencer.runs
            else None,
            MappingProxyType(played.modulations.levels),
            played.modulations.audio(),
        )
