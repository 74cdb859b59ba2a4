"""What the sources of a show that plays are made with, and when one has to be made anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vj.app.context import ShowContext
from vj.app.setup import painted_size
from vj.core.frame import Size
from vj.pipeline.in_between import picture_maker
from vj.show.schema import Show
from vj.sources import SourceSettings, split_uri
from vj.sources.camera_modes import name_of

DRAWN = ("testcard", "drawn", "draw", "walk", "image", "none")
"""Kinds of sources that are made for the show's size and rate, and can be opened again at any
moment without a gap."""


@dataclass(frozen=True, slots=True)
class SettingsOfShows:
    """Makes settings. painted: the size that is painted now, in pixels. own_senders: full names of
    this show's NDI senders, none of which is a source."""

    context: ShowContext
    painted: Callable[[], Size]
    own_senders: Callable[[], list[str]]

    def of(self, show: Show) -> SourceSettings:
        """For the sources of deck A."""
        size = self.painted() if show.size == "auto" else painted_size(show, lambda text: None)
        return SourceSettings(
            self.context.clock,
            show.fps,
            size,
            show.loop,
            tuple(show.ndi_addresses),
            self.context.messages.log,
            self.own_senders,
            self.context.canvas,
            self._order,
            between=picture_maker,
        )

    def _order(self) -> list[str]:
        """The show's sources. A canvas that was chosen by name stands alone: who chooses paper
        wants to see it, and not the next of the list until something is drawn."""
        uris = self.context.run.show.source
        chosen = self.context.store.get("source")
        return uris[:1] if chosen and split_uri(uris[0])[0] == "draw" else uris


def deferred(settings: SourceSettings, show: Show, old: Show) -> list[str]:
    """Sections of a saved show that a source which was made with these settings does not follow."""
    addresses = tuple(show.ndi_addresses)
    names = []
    if show.loop not in (settings.loop, old.loop):
        names.append("loop")
    if addresses not in (settings.addresses, tuple(old.ndi_addresses)):
        names.append("ndi_addresses")
    return names


def is_made_for(uri: str, show: Show, old: Show) -> bool:
    """A drawn source is made for a size and a rate, and one of them has changed."""
    return split_uri(uri)[0] in DRAWN and (
        show.fps != old.fps or (show.size != old.size and "auto" not in (show.size, old.size))
    )


def may_be_one(one: str, other: str) -> bool:
    """Two cameras that may be the same device: of one number, whatever is wished of it, or at least
    one of them by name. One URI is one device, which is shared."""
    (kind, rest), (other_kind, other_rest) = split_uri(one), split_uri(other)
    if kind != "camera" or other_kind != "camera" or one == other:
        return False
    numbers = [name_of(text) for text in (rest, other_rest)]
    return numbers[0] == numbers[1] or not all(number.isdecimal() for number in numbers)
