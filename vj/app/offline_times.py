"""When the frames of a rendering are: at a constant rate, or where a clip's frames come at varying
times, when they come."""

from __future__ import annotations

from collections.abc import Iterator

from vj.control.takes import Take
from vj.core.clock import FrameClock
from vj.show.given_values import given_values
from vj.show.schema import Show
from vj.sources.clip_times import ClipTimes

STANDING = (
    *("source", "source/speed", "source/position", "source/seek", "source/start"),
    *("source/in", "source/out", "source/loop", "source/at", "source/again", "deck/b"),
)
"""Parameters that have to stand for frames to come when the clip's do: else what they do between
two of them would wait for the next."""

NEAR = 1e-6
"""Seconds: moments this near are the same."""


def why_constant(show: Show, replay: Take | None) -> str | None:
    """Why frames have to come at a constant rate, in words; None where they need not."""
    decks = (show.start.get("deck/b"),) if replay is None else replay.values("deck/b")
    if any(decks):
        return "a second deck plays"
    flows = [value for name, value, _ in given_values(show) if name == "source/between"]
    if "flow" in (flows if replay is None else replay.values("source/between")):
        return "pictures are made between them"
    moved = next(_moving(show, replay), None)
    return None if moved is None else f"{moved} changes"


def _moving(show: Show, replay: Take | None) -> Iterator[str]:
    if replay is not None:
        yield from (name for name in STANDING if len(set(replay.values(name))) > 1)
        return
    if show.cuts:
        yield "source"
    yield from (rule.to for rule in show.curves if rule.to in STANDING)
    yield from (rule.to for rule in show.modulators if rule.to in STANDING)
    for macro in show.macros.values():
        yield from (name for name in macro.drives if name in STANDING)
    for name, _, where in given_values(show):
        if name in STANDING and where[0] == "cues":
            yield name


class FrameTimes:
    """Moves the clock of a rendering from frame to frame of clips, and keeps when each was."""

    def __init__(
        self, clock: FrameClock, clip: ClipTimes, rate: float, limit: float | None
    ) -> None:
        """clip: of what it begins with. rate: frames a second where no clip says when its next one
        comes. limit: the end of the rendering in seconds; None for that of the clip."""
        self._clock, self.clip, self.rate, self._limit = clock, clip, rate, limit
        self._spans: list[tuple[float, float]] = []

    def follow(self, following: float | None) -> None:
        """The frame of now is there. following: when the next one comes, where that is known."""
        now = self._clock.now()
        until = now + 1 / self.rate
        if following is not None and following > now:
            until = following
        if self._limit is not None:
            until = min(until, max(self._limit, now))
        self._clock.see_until(until)
        self._spans.append((now, until))

    def span(self, number: int, slow: int) -> tuple[float, float]:
        """From when to when a frame is seen that is written, in seconds of what is written. slow:
        how many are written for each that is painted, which take as long as that one each."""
        painted, between = divmod(number, slow)
        begins, ends = self._spans[painted]
        lasts = ends - begins
        return begins * slow + between * lasts, begins * slow + (between + 1) * lasts

    def count(self, speed: float) -> int | None:
        """How many frames there will be, as far as is known."""
        begins, length = self.clip.begins, self.clip.length
        if self._limit is None or not speed:
            return len(begins) if speed == 1 else None
        rounds, rest = divmod(self._limit * abs(speed), length)
        return int(rounds) * len(begins) + sum(1 for begin in begins if begin < rest - NEAR)
