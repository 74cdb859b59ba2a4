"""The sources of a show that is rendered: which are on its two decks in each frame, and where the
rendering ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vj.app.offline_deck import OfflineDeck, PlayedSource, transport_of
from vj.app.offline_times import NEAR, FrameTimes, why_constant
from vj.control.takes import Take
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.core.picture_place import PicturePlace
from vj.parameters.store import Snapshot
from vj.show.given_values import given_values
from vj.show.names import next_name, source_names
from vj.show.schema import Show
from vj.sources import Source, SourceSettings, make_source
from vj.sources.clip_times import ClipTimes, nominal_rate
from vj.sources.opening import Opening, patience
from vj.sources.transport import TransportControl

SOON = 0.3
"""Seconds for which a take may name what follows a clip later than the clip is at its end here."""
A, B = DECKS = ("source", "deck/b")
"""The parameters that choose what is on the decks."""


class OfflineSources:
    """Called with each frame's parameters it gives the frames of both decks. `open`, then `close`.
    Belongs to the thread that renders."""

    def __init__(
        self,
        show: Show,
        settings: SourceSettings,
        log: Callable[[str], None],
        seconds: float | None,
        replay: Take | None = None,
    ) -> None:
        """settings: of its sources. seconds: how much is rendered; None for as long as the clip
        that it begins with plays. replay: a take that is played."""
        self._show, self._settings, self._log = show, settings, log
        self._seconds, self._replay = seconds, replay
        self._names = source_names(show.sources, show.source)
        self._said: set[str] = set()
        self._came = 0
        self._limit: int | None = None
        """Frames after which it ends in any case."""
        self.rate = settings.fps
        """Frames a second, where they come at a constant rate."""
        self.times: FrameTimes | None = None
        """Where frames come at varying times; None at a constant rate."""
        self._length: float | None = None
        """Seconds that what it begins with lasts at its own speed, where that is known."""
        self.chosen: Callable[[str, str], object] = lambda row, name: None
        """Told of (row, name) where a deck has gone on to the next source by itself."""
        self._decks = {
            row: OfflineDeck(row, self._opener(row), self._follower(row), self._goer(row))
            for row in DECKS
        }
        self.unseen = 0
        """See `vj.pipeline.frame_range.FrameRange`."""
        self._own: str | None = None
        """The URI of the show's own source that plays."""
        self.first: Source | None = None
        """What the rendering begins with, once open."""

    def open(self, begins_with: Snapshot) -> Source:
        """Open what the show begins with, and see that what it asks for later can be opened.
        begins_with: the first frame's parameters, as far as they are known. Raises Fault: no other
        source takes the place of one that does not open, since that might be noticed only after
        hours."""
        name = str(begins_with[A])
        control = TransportControl(transport_of(begins_with, A, self._seconds is None))
        if name not in self._names:
            name = ""
        playing = self._opened(name, control, self._seconds is None or not self._show.loop)
        self.first = playing.source
        self._own = None if name else playing.uri
        self._decks[A].begin(name, playing)
        self._check_others(name)
        return playing.source

    def plan(self, rate: float, constant: bool = False, whole: bool = True) -> int | None:
        """How many frames there will be; None while only the clip knows. To be called once after
        `open`. rate: frames a second, unless they come at varying times or `self.rate` says then
        that they are others. constant: at that rate in any case. whole: False for a part, whose
        frames are counted: at the rate at which most of a clip's come. Raises Fault for what has no
        end."""
        assert self.first is not None
        self.rate = rate
        if self._seconds is None and not getattr(self.first, "ends", False):
            raise Fault(
                f"{self._show.source[0]} has no end; say how much to render, for example --for 10"
            )
        clip = None if constant else self._varying_clip(whole)
        if clip is not None:
            return self._plan_by(clip)
        if self._seconds is not None:
            self._limit = max(1, round(self._seconds * self.rate))
            return self._limit
        frames: int | None = getattr(self.first, "frames", None)  # a clip may not know
        own: float = getattr(self.first, "fps", None) or rate
        self._length = getattr(self.first, "length", None) or (frames / own if frames else None)
        return None if self._length is None else max(1, round(self._length * self.rate))

    def _varying_clip(self, whole: bool) -> ClipTimes | None:
        """What the rendering begins with, where its frames come at varying times and they are
        painted at those; or what comes after it in `sources:`. Raises Fault."""
        playing = self._decks[A].playing
        if playing is None or not hasattr(playing.source, "times"):
            return None
        found: ClipTimes | None = playing.source.times()
        if found is None:
            return None
        clips = [found]
        if playing.control.now().loop == "next":
            others = [make_source(uri, self._settings) for uri in self._names.values()]
            times = [one.times() for one in others if hasattr(one, "times")]
            clips += [one for one in times if one is not None]
        clips = [clip for clip in clips if clip.varying]
        if not clips:
            return None
        why = why_constant(self._show, self._replay)
        if why is not None:
            self.rate = max(self.rate, self._show.fps)
            self._log(
                f"{playing.uri}: its frames come at varying times; they are rendered at a constant "
                f"rate, {self.rate:g} a second, since {why}"
            )
            return None
        if not whole:
            self.rate = max(nominal_rate(clip) for clip in clips)
            self._log(
                f"{playing.uri}: its frames come at varying times; a film in parts is rendered at "
                f"a constant rate, {self.rate:.6g} a second, as most of them come (--fps says "
                "another), and each shows the one that is seen at its moment"
            )
            return None
        return found

    def _plan_by(self, clip: ClipTimes) -> int | None:
        playing = self._decks[A].playing
        assert playing is not None
        self._length = clip.length
        self._log(f"{playing.uri}: its frames come at varying times, and are painted at theirs")
        clock = self._settings.clock
        assert isinstance(clock, FrameClock)
        self.times = FrameTimes(clock, clip, self._show.fps, self._seconds)
        self._follow_pictures(playing.source)
        return self.times.count(playing.control.now().speed)

    def __call__(self, snapshot: Snapshot) -> tuple[Frame, Frame | None] | None:
        """The frames of this moment, of deck A and of deck B; None at the end. Raises Fault."""
        if self._is_over(snapshot.time):
            return None
        if self._seconds is None and self._is_past_its_length(snapshot):
            return None
        deck = self._decks[A]
        frame = deck.frame(snapshot, self._sees)
        if frame is None or deck.over:
            return None
        other = self._decks[B].frame(snapshot, self._sees)
        self._came += 1
        if self.times is not None:
            self.times.follow(deck.following(snapshot.time, 1 / self.times.rate))
        return frame, other

    def other(self, snapshot: Snapshot) -> Frame | None:
        """Deck B's frame once more, where its parameters have become others meanwhile."""
        return self._decks[B].frame(snapshot, self._came > self.unseen)

    def ahead(self, now: float) -> PicturePlace | None:
        """Where deck A's picture will stand in its clip, as far as that is known before the
        parameters of this moment are."""
        playing = self._decks[A].playing
        return None if playing is None else playing.ahead(now)

    @property
    def _sees(self) -> bool:
        """Somebody looks at the frame that comes."""
        return self._came >= self.unseen

    def _is_over(self, now: float) -> bool:
        """As much has been rendered as was asked for."""
        if self.times is not None:
            return self._seconds is not None and now >= self._seconds - NEAR
        return self._limit is not None and self._came >= self._limit

    @property
    def decks(self) -> tuple[OfflineDeck, OfflineDeck]:
        """A and B."""
        return self._decks[A], self._decks[B]

    @property
    def uris(self) -> list[str]:
        """Of all that may play."""
        return list(self._names.values())

    def on_decks(self) -> tuple[str, str]:
        """The sources on deck A and deck B, by name; empty for none."""
        uris = {uri: name for name, uri in reversed(self._names.items())}
        names = (
            deck.name or ("" if deck.playing is None else uris.get(deck.playing.uri, ""))
            for deck in self._decks.values()
        )
        one, two = names
        return one, two

    def close(self) -> None:
        """Close every source. May be called twice."""
        for deck in self._decks.values():
            deck.close()

    def _is_past_its_length(self, snapshot: Snapshot) -> bool:
        """Without --for: as long as the clip that it begins with lasts at its own speed, where what
        plays does not end by itself: it stands still, goes there and back (once), or loops, since
        it is another one."""
        playing, length = self._decks[A].playing, self._length
        if length is None or playing is None:
            return False
        back = snapshot[f"{A}/loop"] == "ping-pong"
        ends = playing.ends_show and not back and snapshot[f"{A}/speed"] != 0
        if self.times is not None:
            return not ends and snapshot.time >= length * (1 + back) - NEAR
        return not ends and self._came >= round(length * (1 + back) * self.rate)

    def _following(self, name: str) -> str | None:
        """The next of `sources:`; without --for the last one has none."""
        if not name and self._own is not None:
            name = next((n for n, uri in self._names.items() if uri == self._own), name)
        listed = list(self._show.sources)
        if not listed and self._seconds is None:
            return None
        if self._seconds is None and name in listed[-1:]:
            return None
        return next_name(listed, name)

    def _follower(self, row: str) -> Callable[[str, float], str | None]:
        """What follows a source at a moment. A take knows: it had the clip sought back in time, or
        something else chosen, or what follows did not open."""

        def following(name: str, now: float) -> str | None:
            listed = self._following(name)
            if self._replay is None or listed == name:
                return listed
            coming = [str(value) for value in self._replay.coming(row, now, SOON)]
            if name in coming:
                coming = coming[coming.index(name) + 1 :]
            return next(iter(coming), None)

        return following

    def _goer(self, row: str) -> Callable[[str], bool]:
        def gone_on(name: str) -> bool:
            if self._replay is None:
                self.chosen(row, name)
            return self._replay is None  # a take says so itself, when it does

        return gone_on

    def _opener(self, row: str) -> Callable[[str, TransportControl], PlayedSource | None]:
        """Opens what a deck is to play."""

        def opened(name: str, control: TransportControl) -> PlayedSource | None:
            uri = self._names.get(name)
            if name and (uri is None or self._is_live(uri)):
                self._say_not_played(row, name, uri)
                return None
            return self._opened(name, control, row == A and self._ends_with(control))

        return opened

    def _ends_with(self, control: TransportControl) -> bool:
        """Whether the rendering ends with a clip that is not its first."""
        if not self._show.loop:
            return True
        return self._seconds is None and (self._length is None or control.now().loop == "next")

    def _opened(self, name: str, control: TransportControl, ends_show: bool) -> PlayedSource:
        """name: empty for the show's own. ends_show: the rendering ends with it. Raises Fault."""
        uris = [self._names[name]] if name else self._show.source
        settings = replace(
            self._settings,
            transport=control,
            loop=not ends_show and control.now().loop not in ("once", "next"),
        )
        live = []
        for uri in uris:
            source = make_source(uri, settings)
            if source.live:
                instead = getattr(source, "offline", "record it first, or name a file")
                live.append(f"{uri} is live, and offline there is no now; {instead}")
                continue
            fault = Opening(uri, source).wait(patience(source))
            if fault is not None:
                raise fault
            self._follow_pictures(source)
            once = ends_show and self._seconds is None
            return PlayedSource(uri, source, control, ends_show, once)
        raise Fault("; ".join(live))

    def _follow_pictures(self, source: Any) -> None:
        if self.times is not None and hasattr(source, "follow_pictures"):
            source.follow_pictures()

    def _is_live(self, uri: str) -> bool:
        return make_source(uri, self._settings).live

    def _say_not_played(self, row: str, name: str, uri: str | None) -> None:
        if name in self._said:
            return
        self._said.add(name)
        why = "is no source of the show" if uri is None else f"{uri} is live, offline it is not"
        self._log(f"{row} {name}: {why}; what plays goes on")

    def _check_others(self, first: str) -> None:
        """Open and close what the show or the take asks for later. Raises Fault."""
        asked: list[tuple[str, object]] = []
        if self._replay is not None:
            asked += [(row, value) for row in DECKS for value in self._replay.values(row)]
        else:
            asked += [(name, value) for name, value, _ in given_values(self._show) if name in DECKS]
        numbered = dict(enumerate(self._names))
        for row, value in dict.fromkeys(asked):
            name = numbered.get(value, "") if isinstance(value, int) else str(value)
            uri = self._names.get(name)
            if name == first or uri is None or self._is_live(uri):
                continue
            try:
                self._opened(name, TransportControl(), False).source.close()
            except Fault as fault:
                asks = self._replay.where(row, name) if self._replay is not None else ""
                raise Fault(f"{fault}{asks}") from None
