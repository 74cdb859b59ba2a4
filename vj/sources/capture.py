"""The sources of a show, in their order: the first that is there plays, whatever becomes of the
others."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from vj.core.frame import Frame
from vj.core.mailbox import Mailbox
from vj.core.supervisor import Supervisor
from vj.sources import Source, SourceSettings, make_source
from vj.sources.change import SourceChange, SourceSlot, wrong
from vj.sources.fade import mixed
from vj.sources.fallback_card import CARD, Card
from vj.sources.reader import GRACE, PATIENCE, Reader

FADE = 0.5
"""Seconds in which one source takes over from another."""

LOOK = 0.04
"""Seconds between two looks at who is there."""

Make = Callable[[str, SourceSettings], Source]


class Capture:
    """Leaves the newest frame of the first source that is there in a mailbox.

    A source that is lost leaves its last picture standing; after `PATIENCE` the next of the list
    plays, after the last one the test card. All that are named before what plays are tried again
    all the while, and fade in when they come; those after it are closed. Frames are numbered here,
    so that the numbers rise through all of that.
    """

    def __init__(
        self,
        uris: Sequence[str],
        inbox: Mailbox[Frame],
        setting: SourceSettings,
        on_message: Callable[[str], None],
        supervisor: Supervisor | None = None,
        make: Make = make_source,
    ) -> None:
        """on_message: gets what a person should read, from any thread. supervisor: begins the
        threads again should they end. make: gives sources, not yet open."""
        self._supervisor = supervisor or Supervisor(on_message)
        self.setting = setting
        """What a source is told that is opened from now on."""
        self.frames = 0
        self.faults = 0
        """How often a source could not be opened or was lost."""
        self._inbox, self._log, self._make = inbox, on_message, make
        self._places = [SourceSlot(uri) for uri in dict.fromkeys(uris)]
        self._playing: Reader | None = None
        self._before: Reader | None = None
        """What played until it, while it fades in."""
        self._frozen: Frame | None = None
        """What was seen then, where that was a fade itself."""
        self._shown: Frame | None = None
        self._turned = self._put_at = 0.0
        self._card: Reader | None = None
        self._fresh: Reader | None = None
        """Begins anew, and has given no picture yet."""
        self._leaving: list[Reader] = []
        """Read on until something else plays."""
        self._settled = True
        """The show has begun, or does not ask: what looks wrong is awaited, too."""
        self._words: queue.SimpleQueue[str] = queue.SimpleQueue()
        """To be said without the lock: a terminal may be held up, and the picture is not."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()

    def start(self) -> None:
        """Begin to open them. Does not wait; `settle` comes next."""
        self._settled = False
        self._thread = self._supervisor.start("sources", self._run, self._stop.is_set)

    def settle(self, seconds: float) -> None:
        """Wait until a source is open, so long at most. Raises Fault when none looks as if it would
        ever come."""
        end = self.setting.clock.now() + seconds
        while self.setting.clock.now() < end and not self._stop.is_set():
            readers = [place.reader for place in self._places]
            tried = all(reader is not None and reader.trouble for reader in readers)
            fault = wrong(self._places)
            if fault is not None:
                raise fault
            if tried or any(reader is not None and reader.opened for reader in readers):
                break
            self._stop.wait(0.005)
        self._settled = True

    def stop(self, timeout: float = 2.0) -> bool:
        """End and close the sources. False when one hangs for longer than `timeout` seconds; it
        closes when it comes back."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)
        with self._lock:
            readers = self._readers()
        for reader in readers:
            reader.end()
        end = self.setting.clock.now() + timeout
        stopped = [reader.stop(max(0.0, end - self.setting.clock.now())) for reader in readers]
        return all(stopped)

    def begin_anew(self) -> bool:
        """Have what plays begin at its first picture, where it is a clip or the like. False where
        it is not."""
        with self._lock:
            old = self._playing
            place = next(
                (place for place in self._places if old is not None and place.reader is old), None
            )
            if old is None or place is None or not old.may_begin_anew:
                return False
            self._fresh = self._playing = place.reader = self._begin(place.uri, self._make)
            self._before = self._frozen = None
            old.end()
            return True

    @property
    def beginning(self) -> bool:
        """`begin_anew` was called, and its first picture is not in the mailbox yet."""
        return self._fresh is not None

    @property
    def uri(self) -> str:
        """What plays; the first of the list while none of it does."""
        playing = self._playing
        return playing.uri if playing is not None and playing.uri != CARD else self._places[0].uri

    @property
    def ended(self) -> bool:
        """A clip played once has come to its end."""
        playing = self._playing
        return playing is not None and playing.ended

    @property
    def awaited(self) -> list[str]:
        """The sources that would play instead of what does, were they there; not those that have
        only just been asked for."""
        playing, now, found = self._playing, self.setting.clock.now(), []
        for place in self._places:
            reader = place.reader
            if reader is not None and (reader is playing or reader.pending(now)):
                break
            if reader is None or not (reader.hopeless or reader.there(now)):
                found.append(place.uri)
        return found

    def state(self) -> str:
        """`"camera:0 640x480"`, `"ndi:x lost, last picture"`, `"ndi:x lost, test card"`, `"ndi:x
        awaited, test card"`: a few words for the status line."""
        playing, first = self._playing, self._places[0]
        if playing is None or playing.latest is None:
            return f"{first.uri if playing is None else playing.uri} waiting"
        if playing.uri == CARD:
            been = first.reader is not None and first.reader.frames
            return f"{first.uri} {'lost' if been else 'awaited'}, test card"
        if playing.ended:
            return f"{playing.uri} at its end"
        if playing.trouble or not playing.there(self.setting.clock.now()):
            return f"{playing.uri} lost, last picture"
        return f"{playing.uri} {playing.latest.size}"

    # Who plays.

    def _run(self) -> None:
        while not self._stop.wait(LOOK):
            self.look()
            self._report()

    def look(self) -> None:
        """See who is there, and have the right one play. Called again and again."""
        with self._lock:
            now = self.setting.clock.now()
            best, waiting = self._first_there(now)
            playing = self._playing
            if best is not None:
                if best is not playing:
                    self._turn(best, now)
            elif not waiting and (playing is None or not playing.there(now)):
                self._stand_in(now)
            self._fill_in(now)
            self._tidy(best, now)

    def _report(self) -> None:
        while not self._words.empty():
            self._log(self._words.get())

    def _first_there(self, now: float) -> tuple[Reader | None, bool]:
        """The first source that is there, all before it being opened; and whether one has to be
        given time instead."""
        for index, place in enumerate(self._places):
            if place.held:
                return None, True
            reader = place.reader
            if reader is None or reader.stopped:
                reader = place.reader = self._begin(place.uri, self._make)
            if reader.there(now):
                return reader, False
            if reader.pending(now):
                return None, True
            if not reader.passed and (self._settled or wrong(self._places) is None):
                self._pass_over(index, reader)
        return None, False

    def _pass_over(self, index: int, reader: Reader) -> None:
        """Log that a source is not there, and what plays instead."""
        reader.missed = reader.passed = True
        following = next(
            (
                place.uri
                for place in self._places[index + 1 :]
                if place.reader is None or not place.reader.hopeless
            ),
            "",
        )
        if not following and not self.frames:  # said together with all that are awaited
            if reader.trouble:
                self._words.put(reader.trouble)
            return
        silent = f"no picture from {reader.uri} for {PATIENCE:g} s"
        why = silent if reader.frames else reader.trouble or f"{reader.uri} gives no picture yet"
        self._words.put(
            f"{why}; {following or CARD} plays{'' if reader.hopeless else ' until it comes'}"
        )

    def _begin(self, uri: str, make: Make, setting: SourceSettings | None = None) -> Reader:
        reader = Reader(
            uri, make, setting or self.setting, self._heard, self._lost, self._supervisor
        )
        reader.start()
        return reader

    def _stand_in(self, now: float) -> None:
        """Let the test card play: there is nothing else."""
        if not self._settled:
            return  # the show may not begin at all
        if self._card is None:
            awaited = [
                place.uri
                for place in self._places
                if place.reader is None or not place.reader.hopeless
            ]
            if self._playing is None and awaited:
                names = " or ".join(filter(None, [", ".join(awaited[:-1]), awaited[-1]]))
                self._words.put(f"no source is there yet: {CARD} plays until {names} appears")
            missing = awaited[0] if awaited else self._places[0].uri
            self._card = self._begin(
                CARD, lambda _, setting: Card(f"no picture from {missing}", setting)
            )
        elif self._card.there(now) and self._card is not self._playing:
            self._turn(self._card, now)

    def _turn(self, reader: Reader, now: float) -> None:
        """That one plays from now on."""
        self._frozen = self._shown if self._before is not None else None
        self._before, self._playing, self._turned = self._playing, reader, now

    def _fill_in(self, now: float) -> None:
        """Fade on where the one that fades in gives too few pictures for that, and show its last
        one at the end."""
        reader, before = self._playing, self._before
        if reader is None or before is None or reader.latest is None:
            return
        if now - self._put_at >= LOOK or now - self._turned >= FADE:
            self._put(self._faded(reader.latest, now))
        if now - self._turned >= FADE:
            self._before = self._frozen = None

    def _tidy(self, best: Reader | None, now: float) -> None:
        """Close what is not needed: what comes after what plays, and what has left the list, once
        nothing of them is to be seen."""
        needed = (self._playing, self._before)
        fine = best is not None or (self._playing is not None and self._playing.there(now))
        if self._card is not None and self._card not in needed and fine:
            self._card.end()
            self._card = None
        after = False
        for place in self._places:
            if after and place.reader is not None and place.reader not in needed:
                place.reader.end()
                place.reader = None
            after = after or (best is not None and place.reader is best)
        for reader in [reader for reader in self._leaving if reader not in needed]:
            reader.end()
            self._leaving.remove(reader)

    # What comes from the readers' threads.

    def _heard(self, reader: Reader, frame: Frame) -> None:
        """A picture has come."""
        with self._lock:
            if reader.missed:
                reader.missed = reader.passed = False
                self._words.put(f"{reader.uri} is {'back' if reader.frames > 1 else 'there'}")
            if self._playing is None and reader.uri != CARD:
                self.look()  # the first picture of all does not wait for the next look
            if reader is not self._playing:
                return
            if reader.size is not None and frame.size != reader.size:
                self._words.put(f"{reader.uri} is {frame.size} now, was {reader.size}")
            reader.size = frame.size
            self._put(self._faded(frame, self.setting.clock.now()))
            if reader is self._fresh:
                self._fresh = None

    def _faded(self, frame: Frame, now: float) -> Frame:
        """The picture, while it fades in together with the newest one of what played before."""
        before = self._frozen or (self._before.latest if self._before is not None else None)
        return frame if before is None else mixed(before, frame, (now - self._turned) / FADE)

    def _lost(self, reader: Reader, report: str) -> None:
        """It could not be opened, or gives no more pictures; it is tried again."""
        with self._lock:
            self.faults += 1
            if not reader.frames:
                return  # said with what plays instead
            reader.missed = True
            self._words.put(f"{report}; trying again")

    def _put(self, frame: Frame) -> None:
        if self._stop.is_set():
            return
        self._put_at, self._shown = self.setting.clock.now(), frame
        self._inbox.put(replace(frame, number=self.frames))
        self.frames += 1

    def _readers(self) -> list[Reader]:
        places = [place.reader for place in self._places]
        return [reader for reader in [*places, self._card, *self._leaving] if reader is not None]

    # Another list.

    def ready(
        self,
        uris: Sequence[str],
        setting: SourceSettings,
        anew: Collection[str] = (),
        clash: Collection[str] = (),
        seconds: float = GRACE,
    ) -> SourceChange:
        """Open the sources of another list beside what plays, as far as they are needed. anew:
        those that have to be opened once more, though they play. clash: those that have to be
        closed before. seconds: the longest that is waited for the new ones; what has not come by
        then is awaited, and what plays goes on until it does. Raises Fault when none looks as if it
        would ever come."""
        with self._lock:
            kept = {
                place.uri: place
                for place in self._places
                if place.uri not in anew and place.uri not in clash
            }
            places = [kept.get(uri) or SourceSlot(uri) for uri in dict.fromkeys(uris)]
            held = [
                place for place in self._places if place.uri in clash and place.reader is not None
            ]
            for place in held:
                place.held = True

        def begin(uri: str) -> Reader:
            return self._begin(uri, self._make, setting)

        change = SourceChange(
            places, held, begin, lambda: self._take(places, setting), setting.clock
        )
        try:
            change.open(seconds)
        except Exception:
            change.drop()
            raise
        return change

    def _take(self, places: list[SourceSlot], setting: SourceSettings) -> None:
        """Go on with another list; what plays and is not in it plays until one of it is there."""
        with self._lock:
            gone = [
                place.reader
                for place in self._places
                if place not in places and place.reader is not None
            ]
            for reader in gone:
                if reader in (self._playing, self._before):
                    self._leaving.append(reader)
                else:
                    reader.end()
            self._places, self.setting = places, setting
