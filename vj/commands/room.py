"""`launch.py ROOM.yaml`: several shows at once, each a process of its own."""

from __future__ import annotations

import argparse
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vj.app.console import Console
from vj.commands.options import parser
from vj.core.errors import Fault
from vj.show.page_section import parse_address
from vj.show.room_file import RoomReading, load_room
from vj.show.room_section import RoomSection

if TYPE_CHECKING:
    from vj.room.room import LiveRoom

TAKEN = ("show", "osc", "page", "seconds", "resume", "safe", "startup_times", "quiet", "log_file")
"""What stands on the command line of a room; all else is of one show."""
NAMED = {"begin": "--from"}
"""Options that are called otherwise than what they set."""


def play_room(
    path: Path, options: argparse.Namespace, terminal: Console, stop: threading.Event
) -> int:
    """Play until every piece has ended by itself, or a signal. Raises Fault."""
    for name, start in vars(parser().parse_args([])).items():
        if name not in TAKEN and getattr(options, name) != start:
            raise Fault(
                f"command line: {NAMED.get(name, f'--{name}')}: is for one show; {path} is a room: "
                "write what a piece plays with into the room file"
            )
    reading = load_room(path)
    assert reading.room is not None
    for option in ("osc", "page"):
        if getattr(options, option) is not None:
            reading.room = with_address(reading.room, option, getattr(options, option))
    for warning in reading.warnings:
        terminal.log(warning)
    more = [f"--for={options.seconds:g}"] if options.seconds is not None else []
    more += ["--safe"] if options.safe else []
    from vj.room.cards import list_cards
    from vj.room.page import serve_room
    from vj.room.room import LiveRoom

    told: list[Callable[[str], None]] = [terminal.log]

    def log(text: str) -> None:
        for take in told:
            take(text)

    room = LiveRoom(
        reading,
        log,
        cards=list_cards(),
        bpm=first_bpm(reading),
        more=more,
        resume=options.resume,
        spare=True,
    )
    page = serve_room(room, terminal.log) if reading.room.page else None
    if page is not None:
        told.append(page.log)
    try:
        room.start(page.port + 1 if page is not None else 0)
        if page is not None and room.osc is not None:
            page.hears_osc_at(room.osc.address)
        if not options.quiet:
            for line in (*beginning(room), *(page.lines() if page is not None else ())):
                terminal.log(line)
        while not room.ended and not stop.wait(0.25):
            terminal.standing(room.status_line)
    finally:
        room.stop()
        if page is not None:
            page.stop()
    terminal.close()
    for one in room.status():
        if one["restarts"]:
            times = "once" if one["restarts"] == 1 else f"{one['restarts']} times"
            terminal.log(f"{one['name']}: was started again {times}")
    return 0


def with_address(room: RoomSection, option: str, given: str) -> RoomSection:
    """The room with what --osc or --page say over it. Raises Fault."""
    if option == "page" and given == "off":
        return room.model_copy(update={"page": False})
    try:
        parse_address(given)
    except ValueError as error:
        raise Fault(f"command line: --{option} {given}: {error}") from None
    return room.model_copy(update={option: given})


def first_bpm(reading: RoomReading) -> float:
    """The room's tempo at its start: its own, else its first piece's."""
    from vj.show.load import read_show

    assert reading.room is not None
    if reading.room.bpm is not None:
        return reading.room.bpm
    show = read_show(next(iter(reading.shows.values()))).show
    return show.tempo.bpm if show is not None else 120.0


def beginning(room: LiveRoom) -> list[str]:
    """What is said at the start."""
    assert room.osc is not None
    host, port = room.osc.address
    names = ", ".join(room.pieces)
    first = next(iter(room.pieces))
    lines = [
        f"{room.rule.name}: {names}",
        f"OSC at {host}:{port}: /vj/{first}/strength for one, /vj/strength for all",
    ]
    shared = Counter(str(card) for card in room.cards.values() if card is not None)
    for card, count in shared.items():
        on_it = ", ".join(name for name, one in room.cards.items() if str(one) == card)
        lines.append(f"card {card}: {on_it}" + (" share it, and its memory" * (count > 1)))
    return lines
