"""How it stands with the sources of a show, in words."""

from __future__ import annotations

from collections.abc import Sequence

from vj.sources.change import SourceSlot
from vj.sources.fallback_card import TEST_CARD
from vj.sources.network import without_password
from vj.sources.reader import LOST_TIMEOUT, Reader


def awaited(slots: Sequence[SourceSlot], playing: Reader | None, now: float) -> list[str]:
    """The sources that are preferred to the one that plays and not available; not those that are
    just being opened."""
    found = []
    for slot in slots:
        reader = slot.reader
        if reader is not None and (reader is playing or reader.is_pending(now)):
            break
        if reader is None or not (reader.failed_for_good or reader.is_available(now)):
            found.append(slot.uri)
    return found


def hoped_for(slots: Sequence[SourceSlot]) -> list[str]:
    """Those that may come yet."""
    return [slot.uri for slot in slots if slot.reader is None or not slot.reader.failed_for_good]


def in_words(slots: Sequence[SourceSlot], playing: Reader | None, now: float) -> str:
    """`"camera:0 640x480"`, `"ndi:x lost, last picture"`, `"ndi:x lost, test card"`, `"ndi:x
    awaited, test card"`: a few words for the status line."""
    first = slots[0]
    name = without_password(first.uri if playing is None else playing.uri)
    if playing is None or playing.latest is None:
        return f"{name} waiting"
    if playing.uri == TEST_CARD:
        been = first.reader is not None and first.reader.frames
        return f"{without_password(first.uri)} {'lost' if been else 'awaited'}, test card"
    if playing.ended:
        return f"{name} at its end"
    if playing.fault_text or not playing.is_available(now):
        return f"{name} lost, last picture"
    return f"{name} {playing.latest.size}{_mode(playing)}"


def _mode(reader: Reader) -> str:
    """`" MJPG, 12 of 30 a second"` of a camera; empty of what says nothing of the kind."""
    device = getattr(reader.source, "source", reader.source)
    words = getattr(device, "mode_in_words", "")
    return f" {words}" if words else ""


def passed_over(reader: Reader, following: str, goes_on: bool) -> str:
    """Why a source does not play, and what does instead: the next of the list, what played before
    where that goes on, or the test card."""
    silent = f"no picture from {reader.uri} for {LOST_TIMEOUT:g} s"
    why = silent if reader.frames else reader.fault_text or f"{reader.uri} gives no picture yet"
    until = "" if reader.failed_for_good else " until it comes"
    if goes_on and not following:
        return f"{why}; what played goes on{until}"
    return f"{why}; {following or TEST_CARD} plays{until}"


def none_there(uris: Sequence[str]) -> str:
    """What is said when the test card plays first of all."""
    names = " or ".join(filter(None, [", ".join(uris[:-1]), uris[-1]]))
    return f"no source is there yet: {TEST_CARD} plays until {names} appears"
