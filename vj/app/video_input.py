"""What comes in while a show plays: two decks, each with a source that is chosen by name, and the
sources that stand by for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vj.app.context import ShowContext
from vj.app.deck import Deck
from vj.app.deck_sources import DeckSources
from vj.app.replacement import Replacement
from vj.app.source_settings import SettingsOfShows, deferred, is_made_for, may_be_one
from vj.core.frame import Frame, Size
from vj.show.schema import Show
from vj.sources import SourceSettings
from vj.sources.capture import Capture
from vj.sources.shared import Make

SETTLING = 0.5
"""Seconds that a source gets to open before the show starts without it."""


class VideoInput(DeckSources):
    """The newest frame of deck A lies in `inbox`, that of deck B is `other()`. `start`, then
    `stop`."""

    def __init__(
        self,
        context: ShowContext,
        painted: Callable[[], Size],
        own_senders: Callable[[], list[str]],
    ) -> None:
        """painted: the size that is painted now, in pixels. own_senders: full names of this show's
        NDI senders, none of which is a source."""
        super().__init__(context)
        self._settings_maker = SettingsOfShows(context, painted, own_senders)
        self.inbox = self.a.inbox
        self._settings: SourceSettings | None = None
        """Of the source that plays."""

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

    def places(self) -> dict[str, dict[str, Any]]:
        """For the page: `{a: {name, position: 0..1, length: seconds}, b: ...}`; position and length
        are None for what has no length. Does not block."""
        return {"a": self._told(self.a), "b": self._told(self.b)}

    def _told(self, deck: Deck) -> dict[str, Any]:
        position, length = deck.place or (None, None)
        return {
            "name": self.name_on(deck),
            "position": None if position is None else round(position, 3),
            "length": None if length is None else round(length, 2),
        }

    def on_decks(self) -> tuple[str, str]:
        """The sources on deck A and deck B, by name; empty for none. From any thread."""
        return self.name_on(self.a), self.name_on(self.b)

    @property
    def beside(self) -> tuple[Make, SourceSettings | None]:
        """What makes sources beside those on the decks, sharing their devices, and the settings of
        those; None before the start."""
        return self._devices.make, self._base

    # A saved show.

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

    def deferred(self, show: Show, old: Show) -> list[str]:
        """Sections of a saved show that the source which plays does not follow, since it would have
        to begin again."""
        return deferred(self._settings, show, old) if self._settings is not None else []
