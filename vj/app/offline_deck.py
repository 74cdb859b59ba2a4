"""One deck of a show that is rendered: which source is on it in each frame, how it is played, and
its fade over the one before. All of it follows the frames' parameters, so the same show gives the
same frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.core.picture_place import PicturePlace
from vj.parameters.store import Snapshot
from vj.sources import EndOfSource, Source
from vj.sources.clip_stretches import Stretches
from vj.sources.fade import crossfade
from vj.sources.transport import Moves, Transport, TransportControl

MISSES = 40
"""Times in a row that a source may give no frame before it counts as lost."""


class PlayedSource:
    """An open source that gives the frame of each moment."""

    def __init__(
        self,
        uri: str,
        source: Source,
        control: TransportControl,
        ends_show: bool = False,
        once: bool = False,
    ) -> None:
        """control: of the source's settings. ends_show: when it has come to its end the rendering
        is over. once: it does not loop, though its parameters say so."""
        self.uri, self.source, self.control = uri, source, control
        self.ends_show, self.once = ends_show, once
        self.newest: Frame | None = None
        self._unseen = False
        """The picture of that one was not looked for."""
        self.ended: float | None = None
        """When it came to its end, for one that does not go on by itself; None before."""

    @property
    def has_length(self) -> bool:
        """It is played by its controls."""
        position = getattr(self.source, "position", None)
        return position is not None and position() is not None

    def read(self, now: float, sees: bool = True) -> Frame:
        """The frame at this moment, in seconds; after its end the last one. sees: False where
        nobody looks at its picture, which may be another one then. Raises Fault when it gives
        none."""
        source: Any = self.source
        if sees and self._unseen:
            self._unseen, self.newest = False, source.look_back() or self.newest
        if self.ended is not None and self.control.over is None and self.newest is not None:
            return self.newest
        passes = not sees and hasattr(source, "pass_by")
        read: Callable[[], Frame | None] = source.pass_by if passes else source.read
        for _ in range(MISSES):
            try:
                frame = read()
            except EndOfSource:
                due = float(getattr(self.source, "due", now))
                self.ended = min(now, due)
                if self.newest is None:
                    break
                return self.newest
            if frame is not None:
                if frame.place is not None:
                    frame = replace(frame, place=replace(frame.place, uri=self.uri))
                self.newest, self.ended, self._unseen = frame, self.control.over, passes
                return frame
        raise Fault(f"{self.uri} gives no more frames")

    def ahead(self, now: float) -> PicturePlace | None:
        """Where its picture will stand at this moment, as far as that is known before its
        parameters are."""
        ahead = getattr(self.source, "ahead", None)
        found: PicturePlace | None = None if ahead is None else ahead(now)
        return None if found is None else replace(found, uri=self.uri)

    def stretches(self, now: float, seconds: float) -> Stretches | None:
        """What of its clip goes by from now on, for its sound; None where nothing does, or it has
        no sound to follow."""
        ahead = getattr(self.source, "stretches", None)
        found: Stretches | None = None if ahead is None else ahead(now, seconds)
        return found


def transport_of(snapshot: Snapshot, row: str, once: bool = False) -> Transport:
    """How a deck's parameters say that its clip is played. once: without looping."""
    transport = Transport.of(snapshot.values, row)
    return replace(transport, loop="once") if once and transport.loop == "loop" else transport


class OfflineDeck:
    """Belongs to the thread that renders."""

    def __init__(
        self,
        row: str,
        open_source: Callable[[str, TransportControl], PlayedSource | None],
        following: Callable[[str, float], str | None],
        chosen: Callable[[str], bool],
    ) -> None:
        """row: the parameter that chooses, `source` or `deck/b`. open_source: gives the source that
        a name stands for, open; None where it cannot be played here, which has been told.
        following: the name that comes after one at this moment; None where nothing does. chosen:
        told of a name to which the deck has gone on by itself; whether the parameter says so from
        the next frame on."""
        self.row = row
        self._open, self._following, self._chosen = open_source, following, chosen
        self._asked: str | None = None
        """What the parameter said in the last frame."""
        self.name = ""
        """What is on it."""
        self.playing: PlayedSource | None = None
        self._before: PlayedSource | Frame | None = None
        """What was seen before, while the next one fades in over it."""
        self._began = self._seconds = 0.0
        self._shown: Frame | None = None
        self._moves: Moves | None = None

    def begin(self, name: str, playing: PlayedSource) -> None:
        """Begin with a source that is open already."""
        self._asked = self.name = name
        self.playing = playing

    def frame(self, snapshot: Snapshot, sees: bool = True) -> Frame | None:
        """The frame of this moment; None while nothing is on the deck. sees: as for `PlayedSource`.
        Raises Fault."""
        self._choose(snapshot)
        if self.playing is None:
            self._shown = None
            return None
        self._control(snapshot)
        # in a fade, and where what follows may fade in, a picture stands for later ones
        sees = sees or self._before is not None or snapshot[f"{self.row}/loop"] == "next"
        frame = self.playing.read(snapshot.time, sees)
        while self.playing.ended is not None and snapshot[f"{self.row}/loop"] == "next":
            if not self._go_on(snapshot):
                break
            frame = self.playing.read(snapshot.time)
        self._shown = self._faded(frame, snapshot.time)
        return self._shown

    def following(self, now: float, step: float) -> float | None:
        """The moment at which the frame of now gives way to the clip's next one; None where that is
        not known. step: seconds between two frames of a fade."""
        if self._before is not None:
            return now + step
        following = getattr(
            None if self.playing is None else self.playing.source, "following", None
        )
        found: float | None = None if following is None else following()
        return found

    def heard(self, now: float) -> list[tuple[PlayedSource, float]]:
        """The sources that are seen in the frame of now, and how much of each, 0..1."""
        if self.playing is None:
            return []
        if self._before is None:
            return [(self.playing, 1.0)]
        share = min(max((now - self._began) / self._seconds, 0.0), 1.0)
        found = [(self.playing, share)]
        if isinstance(self._before, PlayedSource):
            found.append((self._before, 1 - share))
        return found

    @property
    def over(self) -> bool:
        """The clip with which the show ends has come to its end; the last frame is beyond it."""
        playing = self.playing
        return playing is not None and playing.ends_show and playing.ended is not None

    def close(self) -> None:
        """Take off what is on it. May be called twice."""
        self._end_fade()
        if self.playing is not None:
            self.playing.source.close()
            self.playing = None

    def _choose(self, snapshot: Snapshot) -> None:
        """Put on it what the parameter says, when it says something else than in the last
        frame."""
        name = str(snapshot[self.row])
        before, self._asked = self._asked, name
        if name in (before, self.name) and (before is not None or self.playing is not None):
            return
        if name == "" and self.row != "source":
            self.close()
            self.name = ""
            return
        playing = self._opened(name, snapshot)
        if playing is not None:
            self._put_on(playing, name, snapshot)

    def _opened(self, name: str, snapshot: Snapshot) -> PlayedSource | None:
        return self._open(name, TransportControl(transport_of(snapshot, self.row)))

    def _put_on(self, playing: PlayedSource, name: str, snapshot: Snapshot) -> None:
        old, self.playing, self.name = self.playing, playing, name
        again = old is not None and old.uri == playing.uri
        seconds, frozen = 0.0 if again else float(snapshot["crossfade"]), self._shown
        fading = self._before is not None
        self._end_fade()
        if old is None:
            return
        if seconds <= 0 or frozen is None:
            old.source.close()
            return
        self._began, self._seconds = snapshot.time, seconds
        self._before = old
        if fading:  # as live, the mixed picture stands that was seen
            old.source.close()
            self._before = frozen

    def _go_on(self, snapshot: Snapshot) -> bool:
        """The clip has come to its end: the next source, whose first picture is due at that very
        moment. False where there is none."""
        assert self.playing is not None
        assert self.playing.ended is not None
        ended = self.playing.ended
        playing, name = None, self.name
        for _ in range(MISSES):
            following = self._following(name, snapshot.time)
            if following is None:
                return False
            name, playing = following, self._opened(following, snapshot)
            if playing is not None:
                break
        if playing is None:
            return False
        begin = getattr(playing.source, "begin", None)
        if begin is not None:
            begin(ended)
        again = name == self.name
        self._put_on(playing, name, snapshot)
        if not again and self._chosen(name):
            self._asked = name
        return True

    def _control(self, snapshot: Snapshot) -> None:
        """Play it as the parameters say. A place that is another than in the frame before, though
        the source is another too, is sought."""
        assert self.playing is not None
        control = self.playing.control
        control.set(transport_of(snapshot, self.row, self.playing.once))
        before, now = self._moves, Moves.of(snapshot.values, self.row)
        self._moves = now
        if before is None:
            return
        if now.start != before.start:
            if self.playing.has_length:
                control.restart()
            else:
                self._open_again(snapshot)
        sought = now.since(before)
        if sought is not None:
            control.seek(sought)

    def _open_again(self, snapshot: Snapshot) -> None:
        """What is not played by controls begins again: a walk between pictures."""
        old, playing = self.playing, self._opened(self.name, snapshot)
        if old is None or playing is None:
            return
        playing.ends_show, playing.once = old.ends_show, old.once
        self._end_fade()
        old.source.close()
        self.playing = playing

    def _faded(self, frame: Frame, now: float) -> Frame:
        """A frame of the source that plays, over the one before as long as that is seen."""
        before = self._before
        if before is None:
            return frame
        share = (now - self._began) / self._seconds
        if share >= 1:
            self._end_fade()
            return frame
        old = before.read(now) if isinstance(before, PlayedSource) else before
        return crossfade(old, frame, share)

    def _end_fade(self) -> None:
        before, self._before = self._before, None
        if isinstance(before, PlayedSource):
            before.source.close()
