"""Which sources are on the two decks, as the parameters say, and which stand by for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from vj.app.context import ShowContext
from vj.app.deck import DECKS, Deck
from vj.app.source_settings import may_be_one
from vj.core.clock import pause
from vj.core.errors import Fault
from vj.parameters.store import Snapshot
from vj.parameters.table import Value
from vj.show.names import next_name, source_names
from vj.show.schema import Show
from vj.sources import SourceSettings
from vj.sources.change import WANTED_TIMEOUT
from vj.sources.reader import Reader
from vj.sources.shared import SharedDevices
from vj.sources.standby import Standby
from vj.sources.transport import Place


class DeckSources:
    """A source that is asked for and stands by is cut to as the next frame is sampled, and seen in
    it. Any other is opened by `settle`, while what played goes on."""

    def __init__(self, context: ShowContext) -> None:
        self._context = context
        self._devices = SharedDevices()
        self.standby = Standby(self._devices.make, context.supervisor, lambda: self.a.controls())
        self.a, self.b = (
            Deck(row, context, self._devices.make, self.standby.keep, self._go_on) for row in DECKS
        )
        self.decks: Mapping[str, Deck] = {deck.row: deck for deck in (self.a, self.b)}
        """By the parameter that chooses what is on it."""
        show = context.run.show
        self.names: Mapping[str, str] = source_names(show.sources, show.source)
        """Name -> URI of all sources that can be chosen. Replaced, never changed."""
        self.on_asked: Callable[[str], None] = lambda row: None
        """Told that another source was asked for on a deck, with the store's lock held."""
        self._own: Sequence[str] = show.source
        """The show's own sources, in order of preference."""
        self._listed: Sequence[str] = list(show.sources)
        """The names among which a clip makes way for the next."""
        self._base: SourceSettings | None = None
        """For sources that are opened from now on."""

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
        """On the render thread, with every frame: what was asked for and stands by is cut to, and
        seen in this frame already. A take leads here, too."""
        for deck in self.decks.values():
            deck.follow(snapshot.values)
            another = snapshot[deck.row] != deck.shown
            if another or deck.asked != deck.plays:
                with self._context.store.together():
                    deck.shown = str(snapshot[deck.row])
                    if another:  # a cut of `cuts:` has none in its frame
                        deck.hard = snapshot["crossfade"] == 0
                    if another and deck.shown != deck.asked:
                        self._ask(deck, deck.shown)
                    if deck.asked != deck.plays and self._play_now(deck):
                        self.on_asked(deck.row)
            if deck.asked == deck.plays:
                deck.sought = None

    def _ask(self, deck: Deck, name: str) -> None:
        """Another source on a deck; the store's lock is held."""
        deck.asked = name
        if name != deck.plays and not self._is_ready(deck, name):
            self.on_asked(deck.row)

    def _is_ready(self, deck: Deck, name: str) -> bool:
        """It can be played by the next frame."""
        first = next(iter(self._uris(deck, name)), "")
        return first in ("", deck.first) or self.standby.is_ready(first)

    def _play_now(self, deck: Deck) -> bool:
        """Play what was asked for, if it stands by, or is on the deck under another name. The
        store's lock is held. False when it has to be opened."""
        name, base = deck.asked, self._base
        uris = self._uris(deck, name)
        if not uris:
            deck.clear()
        elif deck.capture is not None and uris[0] == deck.first == deck.capture.uri:
            deck.plays = name
            deck.capture.start_again()
        else:
            reader = self.standby.take(uris[0], deck.sought, deck.controls)
            if reader is None or base is None:
                return False
            deck.cut(uris, self._settings_of(deck, base), reader, name)
        return True

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

        with store.together():
            if not deck.stale and deck.plays != name and self._play_now(deck):
                return
        settings = self._settings_of(deck, base)
        clash = [capture.uri] if capture is not None and may_be_one(capture.uri, uris[0]) else []
        kept = capture is not None and capture.has(uris[0]) and not deck.stale
        self.standby.drop(lambda uri: may_be_one(uri, uris[0]))
        if not clash and not kept:
            reader = self.standby.claim(uris[0], deck.sought, deck.controls, base)
            if reader is not None:
                ready = self._wait_for(reader, deck, still)
                with store.together():
                    if ready and still():
                        deck.stale = False
                        deck.cut(uris, settings, reader, name)
                        return
                reader.request_stop()
                if reader.rejected is not None and (name or len(uris) == 1):
                    raise Fault(str(reader.rejected))
        if not still():
            return
        if capture is None:
            made = deck.made(uris, settings)
            made.start()
            made.settle(0.0)
            with store.together():
                deck.put_on(made, name)  # a newer wish is followed from there
            return
        again = [capture.uri] if deck.stale else []
        change = capture.prepare(uris, settings, again, clash, 0.1, still=still)
        with store.together():
            switch = still() and deck.capture is capture
            if switch:
                change.switch()
                deck.plays, deck.stale = name, False
        if not switch:
            change.drop()

    def _wait_for(self, reader: Reader, deck: Deck, still: Callable[[], bool]) -> bool:
        """Whether a source has its first picture within its time, or that of the position which was
        set meanwhile."""
        clock = self._context.clock
        end = clock.now() + WANTED_TIMEOUT
        while still() and not reader.fault_text and clock.now() < end:
            reader.begin_at(deck.sought, deck.controls)
            if reader.ready:
                return True
            pause(0.003)
        return False

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
                    deck.asked = ""
                    if deck is self.a:
                        deck.plays = ""
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

    def _settings_of(self, deck: Deck, base: SourceSettings) -> SourceSettings:
        return base if deck is self.a else replace(base, listed=tuple)

    # What stands by.

    def stand_by(self, names: list[str], cut: tuple[str, Place | None] | None = None) -> None:
        """Have these stand by, as far as they can: a camera that may be one that plays cannot. cut:
        the one that is cut to next, and where it is to begin."""
        playing = self._playing()
        uris = [self.names[name] for name in names if name in self.names]
        alone: list[str] = []
        for uri in dict.fromkeys(uris):
            if not any(may_be_one(uri, other) for other in (*playing, *alone)):
                alone.append(uri)
        if self._base is not None:
            self.standby.want(alone, self._base, self._playing)
        if cut is not None and cut[0] in self.names:
            self.standby.place(self.names[cut[0]], cut[1], self.a.controls)

    def _playing(self) -> list[str]:
        """The URIs on the decks."""
        captures = [deck.capture for deck in self.decks.values()]
        there = [capture for capture in captures if capture is not None]
        return [uri for capture in there for uri in (capture.uri, capture.first)]
