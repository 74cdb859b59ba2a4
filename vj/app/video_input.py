"""What comes in while a show plays: its sources, and their replacement when the show is saved."""

from __future__ import annotations

from collections.abc import Callable

from vj.app.context import ShowContext
from vj.app.replacement import Replacement
from vj.app.setup import painted_size
from vj.core.frame import Frame, Size
from vj.core.mailbox import Mailbox
from vj.show.schema import Show
from vj.sources import SourceSettings, split_uri
from vj.sources.capture import Capture

SETTLING = 0.5
"""Seconds that a source gets to open before the show starts without it."""
DRAWN = ("testcard", "drawn", "draw", "walk", "image", "none")
"""Kinds of sources that are made for the show's size and rate, and can be opened again at any
moment without a gap."""


class VideoInput:
    """The newest frame of the show's sources lies in `inbox`. `start`, then `stop`."""

    def __init__(
        self,
        context: ShowContext,
        painted: Callable[[], Size],
        own_senders: Callable[[], list[str]],
    ) -> None:
        """painted: the size that is painted now, in pixels. own_senders: full names of this show's
        NDI senders, none of which is a source."""
        self.inbox: Mailbox[Frame] = Mailbox()
        self.capture: Capture | None = None
        self._settings: SourceSettings | None = None
        """Of the source that plays."""
        self._context, self._painted, self._own_senders = context, painted, own_senders

    def start(self, show: Show) -> Capture:
        """Open the sources. Raises Fault when none of them can ever come, with all of them closed;
        waits half a second at most."""
        log, supervisor = self._context.messages.log, self._context.supervisor
        settings = self._settings = self._settings_for(show)
        store = self._context.store
        capture = Capture(
            show.source,
            self.inbox,
            settings,
            log,
            supervisor,
            crossfade=lambda: float(store.get("crossfade")),
        )
        self.capture = capture
        capture.start()
        try:
            capture.settle(SETTLING)
        except BaseException:
            self.stop()
            raise
        return capture

    def stop(self) -> None:
        if self.capture is not None:
            self.capture.stop(timeout=0.3)

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
        return self.capture.state() if self.capture is not None else ""

    @property
    def awaited(self) -> list[str]:
        """Sources that would play instead of the one that does, if they were there."""
        return self.capture.awaited if self.capture is not None else []

    @property
    def ended(self) -> bool:
        """A clip that is played once has come to its end."""
        return self.capture is not None and self.capture.ended

    def _settings_for(self, show: Show) -> SourceSettings:
        size = self._painted() if show.size == "auto" else painted_size(show, lambda text: None)
        return SourceSettings(
            self._context.clock,
            show.fps,
            size,
            show.loop,
            tuple(show.ndi_addresses),
            self._context.messages.log,
            self._own_senders,
            self._context.canvas,
            self._listed,
        )

    def _listed(self) -> list[str]:
        """The show's sources. A canvas that was chosen by name stands alone: who chooses paper
        wants to see it, and not the next of the list until something is drawn."""
        uris = self._context.run.show.source
        chosen = self._context.store.get("source")
        return uris[:1] if chosen and split_uri(uris[0])[0] == "draw" else uris

    def replace(self, show: Show, old: Show, wanted: str = "") -> Replacement:
        """Another list of sources: the one that plays stays open where it is in the list, and the
        first that is there takes over. A camera that may be the one that plays is opened after that
        one was closed, since a device has one user. wanted: one of the list that others may stand
        in for only while it is awaited. Raises Fault."""
        capture = self.capture
        assert capture is not None
        changed = ["source"] if show.source != old.source else []
        settings = self._settings_for(show)
        reopened = [capture.uri] if _is_made_for(capture.uri, show, old) else []
        if not changed and not reopened:

            def apply_later() -> None:
                capture.settings = settings

            return Replacement([], apply_later)
        place = show.source.index(capture.uri) if capture.uri in show.source else len(show.source)
        before = show.source[:place]
        clash = [capture.uri] if any(_may_be_one(capture.uri, uri) for uri in before) else []
        change = capture.prepare(show.source, settings, reopened, clash, wanted=wanted)

        def apply() -> None:
            change.switch()
            if capture.uri not in show.source or reopened or clash:
                self._settings = settings

        return Replacement(changed, apply, change.drop)

    def deferred(self, show: Show, old: Show) -> list[str]:
        """Sections of a saved show that the source which plays does not follow, since it would have
        to begin again."""
        settings = self._settings
        if settings is None:
            return []
        addresses = tuple(show.ndi_addresses)
        names = []
        if show.loop not in (settings.loop, old.loop):
            names.append("loop")
        if addresses not in (settings.addresses, tuple(old.ndi_addresses)):
            names.append("ndi_addresses")
        return names


def _is_made_for(uri: str, show: Show, old: Show) -> bool:
    """A drawn source is made for a size and a rate, and one of them has changed."""
    return split_uri(uri)[0] in DRAWN and (
        show.fps != old.fps or (show.size != old.size and "auto" not in (show.size, old.size))
    )


def _may_be_one(one: str, other: str) -> bool:
    """Two cameras that may be the same device: of one number, or at least one of them by name."""
    (kind, rest), (other_kind, other_rest) = split_uri(one), split_uri(other)
    if kind != "camera" or other_kind != "camera":
        return False
    numbers = [text.strip() or "0" for text in (rest, other_rest)]
    return numbers[0] == numbers[1] or not all(number.isdecimal() for number in numbers)
