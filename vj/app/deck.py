"""A deck: the source on it, its newest frame, and how it is played by its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vj.app.context import ShowContext
from vj.core.frame import Frame
from vj.core.mailbox import Mailbox
from vj.sources import Source, SourceSettings
from vj.sources.capture import Capture
from vj.sources.reader import Reader
from vj.sources.shared import Make
from vj.sources.transport import At, Moves, Place, Transport

DECKS = ("source", "deck/b")
"""The parameters that choose what is on the decks A and B."""


class Deck:
    """One deck. What sets its parameters is heard at once, on the thread that sets them, with the
    store's lock held; what moves them otherwise (a take, a curve), with each frame."""

    def __init__(
        self,
        row: str,
        context: ShowContext,
        make: Make,
        keep: Callable[[Reader], bool],
        on_next: Callable[[Deck], None],
    ) -> None:
        """row: one of `DECKS`. make: makes sources. keep: see `Capture.keep`. on_next: called when
        the clip that plays makes way for the next source."""
        self.row, self._context = row, context
        self._make, self._keep, self._on_next = make, keep, on_next
        self.inbox: Mailbox[Frame] = Mailbox()
        """Deck A's is the render loop's; deck B has one for each time that it is used."""
        self.capture: Capture | None = None
        """None while nothing is on the deck."""
        self.asked = self.plays = ""
        """By name: the source that was asked for last, and the one that is on the deck. Empty: of
        deck A the show's own, of deck B none."""
        self.shown = str(context.store.get(row))
        """The name in the newest frame."""
        self.passed_over: list[str] = []
        """What did not open since the clip on it came to its end."""
        self.sought: Place | None = None
        """The place that was set last; None once a frame has shown it."""
        self.stale = False
        """What is on it has to be opened once more: the show's size or rate is another."""
        self.hard = False
        """What was asked for last is cut to, whatever the crossfade."""
        self.transport = Transport.of(context.store.ahead(0.0).values, row)
        self._seen = Moves.of(context.store.ahead(0.0).values, row)
        self._heard: Moves | None = None
        """What a hand has set, and no frame has shown yet."""
        self._newest: tuple[object, Frame | None] = (None, None)

    # What is on it.

    def made(self, uris: Sequence[str], settings: SourceSettings) -> Capture:
        """A capture for this deck, not started; `put_on` puts it there."""
        first = self.row == DECKS[0]
        capture = Capture(
            uris,
            self.inbox if first else Mailbox(),
            settings,
            self._context.messages.log,
            self._context.supervisor,
            self._make,
            crossfade=self.crossfade,
            transport=self.controls,
            test_card=first,
            name="sources" if first else "sources of deck B",
        )
        capture.keep = self._keep
        capture.on_next = lambda: self._on_next(self)
        return capture

    def put_on(self, capture: Capture, name: str) -> None:
        """Go on with a capture that runs."""
        self.inbox = capture.inbox
        self.capture, self.plays = capture, name

    def cut(self, uris: Sequence[str], settings: SourceSettings, reader: Reader, name: str) -> None:
        """Play a source that stands by, at once. Does not wait."""
        self.sought = None
        capture = self.capture
        if capture is None:
            capture = self.made(uris, settings)
            capture.cut(uris, settings, reader)
            capture.start()
            capture.settle(0.0)
            self.put_on(capture, name)
        else:
            capture.cut(uris, settings, reader)
            self.plays = name

    def clear(self, timeout: float = 0.0) -> None:
        """Take off what is on it. timeout: seconds to wait for it."""
        capture, self.capture, self.plays = self.capture, None, ""
        if capture is not None:
            capture.stop(timeout)

    @property
    def first(self) -> str:
        """The URI of the source that is preferred; empty without one."""
        return self.capture.first if self.capture is not None else ""

    def newest(self) -> Frame | None:
        """The newest frame, again and again; None while nothing is on it. On the render thread."""
        if self.capture is None:
            self._newest = (None, None)
            return None
        inbox = self.inbox
        frame = inbox.get(0)
        if frame is not None or self._newest[0] is not inbox:
            self._newest = (inbox, frame)
        return self._newest[1]

    @property
    def source(self) -> Source | None:
        """What plays on it, if it is open."""
        playing = self._reader
        return playing.source if playing is not None and playing.opened else None

    @property
    def place(self) -> tuple[float, float] | None:
        """Where its clip stands, 0..1, and its length in seconds; None for what has none."""
        playing = self._reader
        return playing.place if playing is not None else None

    @property
    def at_end(self) -> bool:
        """Its clip is at its end, and the next source was asked for."""
        playing = self._reader
        return playing is not None and playing.at_end

    @property
    def _reader(self) -> Reader | None:
        return self.capture.playing if self.capture is not None else None

    @property
    def state(self) -> str:
        """A few words for the status; empty while nothing is on it."""
        return self.capture.state() if self.capture is not None else ""

    # How it is played.

    def crossfade(self) -> float:
        """Seconds for which another source fades in over the one before."""
        return 0.0 if self.hard else float(self._context.store.get("crossfade"))

    def controls(self) -> Transport:
        """What its parameters say to a clip."""
        return self.transport

    def hear(self, name: str) -> None:
        """One of its parameters was set, to the value that it had or to another. While another
        source is on its way to the deck, that is for the other."""
        what = name.removeprefix(f"{self.row}/")
        if what in Moves._fields:
            self._heard = now = Moves.of(self._context.store.ahead(0.0).values, self.row)
            in_seconds = what in ("at", "again")
            self.sought = None if what == "start" else At(now.at) if in_seconds else now.position
            if self.asked == self.plays:
                self._move(what == "start", self.sought)

    def follow(self, values: Mapping[str, Any]) -> None:
        """What a frame's parameters say. On the render thread."""
        self.transport = Transport.of(values, self.row)
        before, now = self._seen, Moves.of(values, self.row)
        self._seen = now
        if now == before:
            return
        if now == self._heard:
            self._heard = None
            return
        sought = now.since(before)
        if sought is not None:
            self.sought = sought
        self._move(now.start != before.start, sought)

    def _move(self, again: bool, sought: Place | None) -> None:
        if again and self.capture is not None:
            self.capture.start_again()
        playing = self._reader
        if sought is not None and playing is not None and playing.control is not None:
            playing.control.seek(sought)
