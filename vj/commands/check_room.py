"""`check ROOM`: all that is wrong with a room file, and with the show of each piece."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from socket import SO_REUSEADDR, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET, socket
from typing import Any

from vj.commands.check_result import CheckResult
from vj.control.osc.network import family_of, strip_brackets
from vj.core.errors import Fault
from vj.room.cards import GraphicsCard, card_named, list_cards
from vj.show.load import Reading
from vj.show.page_section import parse_address
from vj.show.room_file import RoomReading, read_room
from vj.show.schema import Show
from vj.sinks.rule import parse

Log = Callable[[str], object]
PORTS = {"osc": "127.0.0.1:0", "page": "127.0.0.1:0"}
"""What a piece has in place of the addresses of its show."""
CheckShow = Callable[[Path, dict[str, Any] | None], tuple[Reading, CheckResult]]

ALONE = ("record", "virtualcam", "display")
"""Kinds of sinks that one piece alone can have."""
TAKEN = ("camera",)
"""Kinds of sources that one process alone can open."""


def check_room(
    path: Path,
    log: Log,
    log_error: Log,
    check_show: CheckShow,
    summary: Callable[[Show], str],
    cards: Callable[[], list[GraphicsCard]] = list_cards,
) -> int:
    """The command. check_show, summary: what checks a show with what a piece puts over it, and says
    what plays. Returns 0 when the room can be played, with warnings or without, else 1. Raises
    Fault for a file that cannot be read."""
    reading = read_room(path)
    warnings, lines, skipped = list(reading.notes), [], set()
    errors = list(reading.wrong)
    shows: dict[str, Show] = {}
    room = reading.room
    if room is not None:
        for name, show_path in reading.shows.items():
            try:
                found, result = check_show(show_path, {**room.room[name].overrides(), **PORTS})
            except Fault as fault:
                errors.append((1, 0, str(fault)))
                continue
            errors += [reading.of_piece(name, text) for text in result.errors]
            warnings += [reading.of_piece(name, text) for text in result.warnings]
            skipped |= set(result.skipped)
            if found.show is not None:
                shows[name] = found.show
                lines.append(f"{name}: {summary(found.show)}")
        errors += check_cards(reading, cards)
        wrong, doubtful = check_shared(reading, shows)
        errors += wrong
        warnings += doubtful + check_ports(reading)
    for text in dict.fromkeys(report[2] for report in sorted(errors)):
        log_error(text)
    for text in dict.fromkeys(report[2] for report in sorted(warnings)):
        log(f"warning: {text}")
    if skipped:
        log(f"not checked: {', '.join(sorted(skipped))}")
    if errors or room is None:
        count = len({report[2] for report in errors})
        log_error(f"{path}: {'one thing is' if count == 1 else f'{count} things are'} wrong")
        return 1
    log(f"{path}: right. {room.name}, OSC at {room.osc}")
    for line in lines:
        log(f"  {line}")
    return 0


def check_cards(
    reading: RoomReading, cards: Callable[[], list[GraphicsCard]]
) -> list[tuple[int, int, str]]:
    """Cards that are named and not there."""
    assert reading.room is not None
    named = {name: rule.card for name, rule in reading.room.room.items() if rule.card is not None}
    there = cards() if named else []
    found = []
    for name, card in named.items():
        try:
            card_named(card, there)
        except Fault as fault:
            found.append(reading.at(("room", name, "card"), f"{name}: {fault}"))
    return found


def check_ports(reading: RoomReading) -> list[tuple[int, int, str]]:
    """Warnings of addresses that the room cannot have at this moment."""
    assert reading.room is not None
    found = []
    kinds = (("osc", reading.room.osc, SOCK_DGRAM), ("page", reading.room.page, SOCK_STREAM))
    for key, address, kind in kinds:
        if not address:
            continue
        host, port = parse_address(address)
        try:
            with socket(family_of(host), kind) as probe:
                if kind is SOCK_STREAM:
                    probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
                probe.bind((strip_brackets(host), port))
        except OSError as error:
            said = f"{key}: {address}: cannot be had now ({error.strerror or error}); the next free"
            found.append(reading.at((key,), f"{said} port would be taken"))
    return found


def check_shared(
    reading: RoomReading, shows: dict[str, Show]
) -> tuple[list[tuple[int, int, str]], list[tuple[int, int, str]]]:
    """Faults and warnings: what two pieces want, and one alone can have."""
    wrong: list[tuple[int, int, str]] = []
    doubtful: list[tuple[int, int, str]] = []
    sinks: dict[str, str] = {}
    sources: dict[str, str] = {}
    for name, show in shows.items():
        for uri in dict.fromkeys(parse(text).to for text in show.sinks):
            kind = uri.partition(":")[0]
            if kind == "preview":
                continue
            other = sinks.setdefault(uri, name)
            if other == name:
                continue
            said = f"{name}: {uri} is where {other} goes, too; give it another with sinks:"
            place = ("room", name)
            (wrong if kind in ALONE else doubtful).append(reading.at(place, said))
        for uri in show.source:
            other = sources.setdefault(uri, name)
            if other != name and uri.partition(":")[0] in TAKEN:
                said = f"{name}: {other} has {uri} open, which most cameras let one program do"
                doubtful.append(reading.at(("room", name), said))
    return wrong, doubtful
