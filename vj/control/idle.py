"""Hands on the controls of a show, and how long there have been none. On the frame's time."""

from __future__ import annotations

from typing import Literal

from vj.show.idle_section import IdleRule


def by_hand(name: str, origin: object) -> bool:
    """Whether a parameter was set by a person: OSC and the page set with their address, keys with
    no origin at all; cues, mappings, sources and saved files with themselves."""
    return (origin is None and name != "record") or isinstance(origin, tuple)


class Idle:
    """Says once that nobody plays any more, and once that somebody does again."""

    def __init__(self, rule: IdleRule | None) -> None:
        self.rule = rule
        self._heard = False
        self._since: float | None = None
        """When the last hand was there; None before the show begins."""
        self._asleep = False

    def take_over(self, old: Idle) -> None:
        """Take over the state of another version of the show."""
        self._heard, self._since, self._asleep = old._heard, old._since, old._asleep

    def hand(self) -> None:
        """Somebody has played something. From any thread."""
        self._heard = True

    def panic(self) -> None:
        """Somebody has reset everything, which a cue that wakes would set again. From any
        thread."""
        self._heard, self._asleep = True, False

    def step(self, time: float, waits: bool, held: bool) -> Literal["calm", "wake"] | None:
        """What has to be done in the frame at `time`. waits: the show has not begun. held: a key,
        button or pedal is down."""
        if self.rule is None:
            return None
        if self._heard or held or waits or self._since is None:
            hand, self._heard = self._heard or held, False
            self._since = time
            if hand and self._asleep:
                self._asleep = False
                return "wake"
            return None
        if not self._asleep and time - self._since >= self.rule.after.seconds - 1e-9:
            self._asleep = True
            return "calm"
        return None
