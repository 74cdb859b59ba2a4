"""What comes in while a show plays: two decks, each with a source that is chosen by name, and the
sources that stand by for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from vj.app.context import ShowContext
from vj.app.deck import DECKS, Deck, Make
from vj.app.replacement import Replacement
from vj.app.source_settings import SettingsOfShows, deferred, is_made_for, may_be_one
from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.parameters.store import Snapshot
from vj.parameters.table import Value
from vj.show.names import next_name, source_names
from vj.show.schema import Show
from vj.sources import SourceSettings
from vj.sources.capture import Capture
from vj.sources.change import WANTED_TIMEOUT
from vj.sources.shared import SharedDevices
from vj.sources.standby import Standby

SETTLING = 0.5
"""Seconds that a source gets to open before the show starts without it."""


class VideoInput:
    """The newest frame of deck A lies in `inbox`, that of deck B is `other()`. `start`, then
    `stop`.

    A source that is chosen and stands by plays at once, on the thread that chooses it. Any other is
    opened by `settle`, while what played goes on.
    """

    def __init__(
        self,
        context: ShowContext,
        painted: Callable[[], Size],
        own_senders: Callable[[], list[str]],
    ) -> None:
        """painted: the size that is painted now, in pixels. own_senders: full names of this show's
        NDI senders, none of which is a source."""
        self._context = context
        self._settings_maker = SettingsOfShows(context, painted, own_senders)
        self._devices = SharedDevices()
        self.standby = Standby(self._devices.make, context.supervisor, lambda: self.a.transport)
        self.a, self.b = (
            Deck(row, context, self._devices.make, self.standby.keep, self._go_on) for row in DECKS
        )
        self.decks: Mapping[str, Deck] = {deck.row: deck for deck in (self.a, self.b)}
        """By the parameter that chooses what is on it."""
        self.inbox = self.a.inbox
        show = context.run.show
        self.names: Mapping[str, str] = source_names(show.sources, show.source)
        """Name -> URI of all sources that can be chosen. Replaced, never changed."""
        self.on_asked: Callable[[str], None] = lambda row: None
        """Told that another source was asked for on a deck, with the store's lock held."""
        self._own: Sequence[str] = show.source
        """The show's own sources, in order of preference."""
        self._listed: Sequence[str] = list(show.sources)
        """The names among which a clip makes way for the next."""
        self._settings: SourceSettings | None = None
        """Of the source that plays."""
        self._base: SourceSettings | None = None
        """For sources that are opened from now on."""

    @property
    def capture(self) -> Capture | None:
        """Of deck A."""
        return self.a.capture

    def start(self, show: Show) -> Capture:
        """Open the sources. Raises Fault when none of them can ever come, with all of them closed;
        waits half a second at most."""
        settings = self._settings = self._base = self._settings_maker.of(show)
        store = self._context.store
        capture = self.a.made(show.source, settings)
        self.a.put_on(capture, "")
        capture.start()
        try:
            capture.settle(SETTLING)
        except BaseException:
            self.stop()
            raise
        store.listeners.append(self._hear)
        store.observers.append(self._observe)
        with store.together():
            for deck in self.decks.values():
                self._ask(deck, str(store.get(deck.row)))
            self.on_asked(self.a.row)
        return capture

    def stop(self) -> None:
        self.standby.close()
        self.b.clear()
        self.a.clear(timeout=0.3)

    def other(self) -> Frame | None:
        """Deck B's newest frame; None while nothing is on it. On the render thread; never waits."""
        return self.b.newest()

    def restart(self) -> None:
        """The show begins: clips go back to their first picture."""
        if self.a.capture is not None:
            self.a.capture.restart()
        if self.b.capture is not None:
            self.b.capture.start_again()

    @property
    def description(self) -> str:
        """`camera:0`, or `ndi:x, awaited`."""
        if self.capture is None:
            return ""
        uri = self.capture.uri
        return f"{uri}, awaited" if uri in self.capture.awaited else uri

    @property
    def state(self) -> str:
        """A few words for the status; empty before the start."""
        return self.a.state

    @property
    def awaited(self) -> list[str]:
        """Sources that would play instead of the one that does, if they were there."""
        return self.capture.awaited if self.capture is not None else []

    @property
    def ended(self) -> bool:
        """A clip that is played once has come to its end."""
        return self.capture is not None and self.capture.ended

    # What is on the decks.

    def _hear(self, name: str, value: Value, origin: object) -> None:
        """A listener of the store, called with its lock held, on any thread."""
        if name == "panic":
            for deck in self.decks.values():
                self._ask(deck, str(self._context.store.get(deck.row)))
        elif name in self.decks:
            self._ask(self.decks[name], str(value))
        elif name.startswith("deck/b/"):
            self.b.hear(name)
        elif name.startswith("source/"):
            self.a.hear(name)

    def _observe(self, snapshot: Snapshot) -> None:
        """On the render thread, with every frame: what moves otherwise leads here, as a take."""
        for deck in self.decks.values():
            deck.follow(snapshot.values)
            if snapshot[deck.row] != deck.shown:
                deck.shown = str(snapshot[deck.row])
                with self._context.store.together():
                    if deck.shown != deck.asked:
                        self._ask(deck, deck.shown)

    def _ask(self, deck: Deck, name: str) -> None:
        """Another source on a deck; the store's lock is held."""
        deck.asked = name
        if name != deck.plays:
            self._play_now(deck, name)
            self.on_asked(deck.row)

    def _play_now(self, deck: Deck, name: str) -> None:
        """Play a source that stands by, or that is on the deck under another name."""
        uris, base = self._uris(deck, name), self._base
        if not uris:
            deck.clear()
        elif deck.capture is not None and uris[0] == deck.first == deck.capture.uri:
            deck.plays = name
            deck.capture.start_again()
        elif base is not None and (reader := self.standby.take(uris[0])) is not None:
            deck.cut(uris, self._settings_of(deck, base), reader, name)

    def settle(self, row: str) -> None:
        """Have a deck play what was asked for last. May take seconds, while what played goes on;
        what is asked for meanwhile ends that. Raises Fault when it does not open, and what played
        goes on."""
        store, deck = self._context.store, self.decks[row]
        name, base = deck.asked, self._base
        uris, capture = self._uris(deck, name), deck.capture
        if base is None or not (uris or capture):
            return
        if deck.plays == name and uris[:1] == [deck.first] and not deck.stale:
            return

        def still() -> bool:
            return deck.asked == name and not self._context.run.stopping

        settings = self._settings_of(deck, base)
        if capture is None:
            made = deck.made(uris, settings)
            made.start()
            try:
                made.settle(WANTED_TIMEOUT, still)
            except Fault:
                made.stop(0.0)
                raise
            with store.together():
                put_on = still() and deck.capture is None
                if put_on:
                    deck.put_on(made, name)
            if not put_on:
                made.stop(0.0)
            return
        clash = [capture.uri] if may_be_one(capture.uri, uris[0]) else []
        again = [capture.uri] if deck.stale else []
        wanted = uris[0] if name else ""
        change = capture.prepare(uris, settings, again, clash, wanted=wanted, still=still)
        with store.together():
            switch = still() and deck.capture is capture
            if switch:
                change.switch()
                deck.plays, deck.stale = name, False
        if not switch:
            change.drop()

    def _uris(self, deck: Deck, name: str) -> list[str]:
        """What a name puts on a deck, and on deck A what plays when that is not there."""
        if deck is self.b:
            return [self.names[name]] if name in self.names else []
        chosen = self.names.get(name) if name else None
        return list(dict.fromkeys([*([chosen] if chosen else []), *self._own]))

    def _go_on(self, deck: Deck) -> None:
        """The clip on a deck makes way for the next source of the show."""
        deck.passed_over.clear()
        following = next_name(self._listed, self.name_on(deck))
        self._context.store.set(deck.row, following, self)

    def name_on(self, deck: Deck) -> str:
        """What is on a deck, by its name; of the show's own, too."""
        if deck.plays:
            return deck.plays
        own = self._own[0] if self._own and deck is self.a else ""
        return next((name for name, uri in self.names.items() if uri == own), "")

    def places(self) -> dict[str, dict[str, float] | None]:
        """For the page: where the clips stand, `{a: {position: 0..1, length: seconds}, b: None}`;
        None for what has no length. Does not block."""
        return {
            name: place and {"position": round(place[0], 3), "length": round(place[1], 2)}
            for name, place in (("a", self.a.place), ("b", self.b.place))
        }

    def on_decks(self) -> tuple[str, str]:
        """The sources on deck A and deck B, by name; empty for none. From any thread."""
        return self.name_on(self.a), self.name_on(self.b)

    @property
    def beside(self) -> tuple[Make, SourceSettings | None]:
        """What makes sources beside those on the decks, sharing their devices, and the settings of
        those; None before the start."""
        return self._devices.make, self._base

    # What stands by.

    def stand_by(self, names: list[str]) -> None:
        """Have these stand by, as far as they can: a camera that may be one that plays cannot."""
        playing = [deck.capture.uri for deck in self.decks.values() if deck.capture is not None]
        uris = [self.names[name] for name in names if name in self.names]
        alone = [uri for uri in uris if not any(may_be_one(uri, other) for other in playing)]
        if self._base is not None:
            self.standby.want(alone, self._base, playing)

    # A saved show.

    def _settings_of(self, deck: Deck, base: SourceSettings) -> SourceSettings:
        return base if deck is self.a else replace(base, listed=tuple)

    def replace(self, show: Show, old: Show) -> Replacement:
        """Another list of sources: the one that plays stays open where it is in the list, and the
        first that is there takes over. A camera that may be the one that plays is opened after that
        one was closed, since a device has one user. Raises Fault."""
        capture, asked = self.capture, self.a.asked
        assert capture is not None
        changed = ["source"] if show.source != old.source else []
        settings = self._settings_maker.of(show)
        reopened = [capture.uri] if is_made_for(capture.uri, show, old) else []
        on_b = self.b.capture
        stale = on_b is not None and is_made_for(on_b.uri, show, old)

        def go_on() -> None:
            self._base = settings
            self.b.stale = self.b.stale or stale
            self.standby.anew(settings)

        if not changed and not reopened:

            def apply_later() -> None:
                capture.settings = settings
                go_on()

            return Replacement([], apply_later)
        place = show.source.index(capture.uri) if capture.uri in show.source else len(show.source)
        before = show.source[:place]
        clash = [capture.uri] if any(may_be_one(capture.uri, uri) for uri in before) else []
        change = capture.prepare(show.source, settings, reopened, clash)

        def apply() -> None:
            go_on()
            with self._context.store.together():
                if self.a.asked != asked:  # meanwhile another one was chosen, and plays
                    change.drop()
                    return
                change.switch()
            if capture.uri not in show.source or reopened or clash:
                self._settings = settings

        return Replacement(changed, apply, change.drop)

    def know(self, show: Show, names: Mapping[str, str]) -> list[str]:
        """What a saved show, or a look for devices, has made of the names. show: as its file says.
        Returns `source NAME` for what is on a deck and has no name any more; deck A goes on with
        the show's own, deck B is empty then."""
        store, gone = self._context.store, []
        with store.together():
            self._own, self._listed, self.names = show.source, list(show.sources), names
            for deck in self.decks.values():
                name = deck.plays
                if name and name not in names:
                    gone.append(f"{deck.row} {name}")
                    if deck is self.a:
                        deck.asked = deck.plays = ""
                    if store.get(deck.row) == name:
                        store.set(deck.row, "", self)
                elif name and (deck.stale or deck.first != names[name]):
                    self.on_asked(deck.row)
        return gone

    def give_up(self, row: str, name: str) -> None:
        """What was asked for on a deck does not open: have its parameter say what plays, unless it
        says something newer. A clip at its end makes way for the one after it."""
        store, deck = self._context.store, self.decks[row]
        with store.together():
            if deck.asked != name or deck.plays == name:
                return
            deck.asked = deck.plays
            if store.get(row) == name:
                store.set(row, deck.plays, self)
            deck.passed_over.append(name)
            following = next_name(self._listed, name)
            if deck.at_end and following not in (*deck.passed_over, deck.plays):
                store.set(row, following, self)

    def deferred(self, show: Show, old: Show) -> list[str]:
        """Sections of a saved show that the source which plays does not follow, since it would have
        to begin again."""
        return deferred(self._settings, show, old) if self._settings is not None else []
