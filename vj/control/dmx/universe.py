"""One universe as it comes from the network: the desks that send it, merged into one set of
levels."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from vj.control.dmx.artnet import ArtDmx
from vj.control.dmx.streaming_acn import DataPacket

ARTNET_TIMEOUT, SACN_TIMEOUT = 10.0, 2.5
"""Seconds without a packet after which a sender has gone: Art-Net 4, and E1.31 6.7.1."""
ARTNET_SOURCES, SACN_SOURCES = 2, 8
"""Senders of one universe that are merged, at most. Art-Net allows two."""
MOST_REFUSED = 8
"""Senders that are named as one too many, until one of those that play has gone."""
ARTNET_PRIORITY = 100
"""Of what has no priority: sACN's default, so that two desks merge whichever way they send."""
LATE = 20
"""A sequence number that is behind the last one by less than this is of a packet that was
overtaken (E1.31 6.7.2); one further behind is of a sender that began anew."""


@dataclass(slots=True)
class _Source:
    """One that sends this universe."""

    name: str
    priority: int
    sequence: int
    levels: bytes
    heard: float
    """When its last packet came."""
    timeout: float


class Universe:
    """Senders by who they are: an IP address for Art-Net, a CID for sACN. `news` collects what is
    to be told. For one thread."""

    def __init__(self) -> None:
        self._sources: dict[object, _Source] = {}
        self.levels = b""
        """Merged, as many as are sent; after the loss of all senders, the last ones."""
        self.lost_at: float | None = None
        """When the last sender was lost; None while there is one, and before the first."""
        self.news: list[str] = []
        self._refused: set[object] = set()
        self._before = ""
        """Who sent before all were lost."""

    @property
    def sources(self) -> list[str]:
        """Who sends it now."""
        return [source.name for source in self._sources.values()]

    def take_artnet(self, packet: ArtDmx, host: str, now: float) -> bool:
        """A packet of Art-Net. host: who sent it. now: seconds. Whether levels have changed."""
        name = f"Art-Net from {host}"
        source = _Source(name, ARTNET_PRIORITY, packet.sequence, packet.levels, now, ARTNET_TIMEOUT)
        kept = [key for key in self._sources if isinstance(key, str)]
        late = range(1 - LATE, 0) if packet.sequence else ()  # some senders count to 1 only
        return self._take(host, source, late, len(kept) < ARTNET_SOURCES)

    def take_sacn(self, packet: DataPacket, host: str, now: float) -> bool:
        """A packet of sACN, as `take_artnet`."""
        if packet.ended:
            return self._drop([packet.cid], now, "ended")
        name = f"sACN from {packet.name or 'a nameless one'} ({host})"
        source = _Source(name, packet.priority, packet.sequence, packet.levels, now, SACN_TIMEOUT)
        kept = [key for key in self._sources if isinstance(key, bytes)]
        return self._take(packet.cid, source, range(1 - LATE, 1), len(kept) < SACN_SOURCES)

    def expire(self, now: float) -> bool:
        """Drop senders that are silent. Whether levels have changed."""
        gone = [key for key, one in self._sources.items() if now - one.heard > one.timeout]
        return self._drop(gone, now, "sends no more") if gone else False

    def _take(self, key: object, source: _Source, late: Container[int], room: bool) -> bool:
        """late: differences to the last sequence number of packets that were overtaken. room: there
        is some for another sender."""
        known = self._sources.get(key)
        if known is None:
            if not room:
                if key not in self._refused and len(self._refused) < MOST_REFUSED:
                    self._refused.add(key)
                    self.news.append(
                        f"{source.name} is one sender too many and is left out; "
                        f"{' and '.join(self.sources)} play"
                    )
                return False
            self._sources[key] = source
            self._tell_new(source)
            return self._merge()
        if _ahead(source.sequence, known.sequence) in late:
            known.heard = source.heard
            return False
        same = source.levels == known.levels and source.priority == known.priority
        self._sources[key] = source
        return False if same else self._merge()

    def _tell_new(self, source: _Source) -> None:
        if self.lost_at is not None:
            back = "is back" if source.name == self._before else "sends now"
            self.news.append(f"{source.name} {back}")
        elif len(self._sources) == 1:
            self.news.append(f"{source.name} plays")
        else:
            self.news.append(
                f"{' and '.join(self.sources)} are merged: of equal priority the higher level wins"
            )
        self.lost_at = None

    def _drop(self, keys: list[object], now: float, why: str) -> bool:
        gone = [self._sources.pop(key) for key in keys if key in self._sources]
        if not gone:
            return False
        self._refused.clear()
        names = " and ".join(source.name for source in gone)
        if self._sources:
            self.news.append(
                f"{names} {why}; {' and '.join(self.sources)} "
                f"play{'s' if len(self._sources) == 1 else ''} on"
            )
            return self._merge()
        self.lost_at, self._before = now, gone[-1].name
        self.news.append(f"{names} {why}")
        return False

    def _merge(self) -> bool:
        """Of the highest priority the highest level of each channel takes precedence (HTP)."""
        top = max(one.priority for one in self._sources.values())
        playing = [one.levels for one in self._sources.values() if one.priority == top]
        count = max(len(levels) for levels in playing)
        merged = playing[0]
        for other in playing[1:]:
            pairs = zip(merged.ljust(count, b"\0"), other.ljust(count, b"\0"), strict=True)
            merged = bytes(max(pair) for pair in pairs)
        changed = merged != self.levels
        self.levels = merged
        return changed


def _ahead(sequence: int, last: int) -> int:
    """How far a sequence number is ahead of the last one, -128..127, as eight bits count."""
    return (sequence - last + 128) % 256 - 128
