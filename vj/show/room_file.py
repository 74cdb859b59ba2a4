"""Reads a room file: its pieces, and all that is wrong in it, each with its line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vj.core.errors import Fault
from vj.show.faults import explain_error
from vj.show.find import find_show, is_file
from vj.show.origins import OPTIONS, Origins, Report
from vj.show.parse import ShowFaults, plain_tree, read
from vj.show.paths import resolve_paths
from vj.show.presence import Presence
from vj.show.room_section import PieceRule, RoomSection
from vj.show.section import KeyPath
from vj.show.yaml_pitfalls import misread

COMMAND_LINE = "command line: "
_IS_ROOM = re.compile(rb"^room[ \t]*:", re.MULTILINE)
_KEYS = {option: key for key, option in OPTIONS.items()}


class NoShow(Fault):
    """A piece's show is not there; it may come."""


@dataclass
class RoomReading:
    """What reading a room file gave. room: None where the file is none. shows: the file that each
    piece plays, where there is one."""

    path: Path
    room: RoomSection | None = None
    shows: dict[str, Path] = field(default_factory=dict)
    wrong: list[Report] = field(default_factory=list)
    notes: list[Report] = field(default_factory=list)
    missing: dict[str, Report] = field(default_factory=dict)
    """Pieces whose show is not there; they are `wrong`, too."""
    origins: Origins | None = None

    @property
    def faults(self) -> list[str]:
        """Each once, in the order of the lines."""
        return [report[2] for report in sorted(set(self.wrong))]

    @property
    def warnings(self) -> list[str]:
        return [report[2] for report in sorted(set(self.notes))]

    def at(self, place: KeyPath, text: str) -> Report:
        """A message about a place in the file, with its line."""
        assert self.origins is not None
        return self.origins.report(place, text)

    def of_piece(self, name: str, text: str) -> Report:
        """A fault of a piece's show. Where the room file has put the value that is wrong, the
        message names its line there, and not a command line that nobody has typed."""
        if not text.startswith(COMMAND_LINE):
            return 1, 0, text
        rest = text.removeprefix(COMMAND_LINE)
        option, _, given = rest.partition(" ")
        words = given.partition(": ")
        if option == "--set":
            parameter = words[0].partition("=")[0]
            wrong = words[2].removeprefix(f"{parameter}: ")  # it may name it itself
            return self.at(("room", name, "start", parameter), f"{name}: {parameter}: {wrong}")
        key = _KEYS.get(option.rstrip(":"), "")
        return self.at(("room", name, key), f"{name}: {key}: {words[2] or given}")


def is_room(path: Path) -> bool:
    """Whether a file is a room's, and no show's: it has the key `room:`."""
    try:
        return _IS_ROOM.search(path.read_bytes()) is not None
    except OSError:
        return False


def load_room(path: Path) -> RoomReading:
    """A room that can be started: where the show of one piece is there, the others may come, such
    as from a disk that is late. Raises ShowFaults."""
    reading = read_room(path)
    late = list(reading.missing.values())
    if reading.room is None or not reading.shows or set(reading.wrong) - set(late):
        raise ShowFaults(reading.faults)
    for name in reading.missing:
        show = path.parent / reading.room.room[name].show
        reading.shows[name] = show if show.suffix else show.with_suffix(".yaml")
    reading.wrong = []
    reading.notes += [(*one[:2], f"{one[2]}; it is tried again until it comes") for one in late]
    return reading


def read_room(path: Path) -> RoomReading:
    """Read a file: its room and its faults, those of the pieces' shows not among them. Raises Fault
    for a file that cannot be read at all."""
    reading = RoomReading(path)
    try:
        tree = read(path)
        plain = plain_tree(tree, str(path))
    except ShowFaults as faults:
        reading.wrong = [(0, number, line) for number, line in enumerate(faults.lines)]
        return reading
    reading.origins = Origins(tree, str(path))
    wrong, doubtful = misread(tree, plain)
    reading.wrong += [reading.at(place, text) for place, text in wrong]
    reading.notes += [reading.at(place, text) for place, text in doubtful]
    _resolve(plain, reading)
    try:
        reading.room = RoomSection.model_validate(plain)
    except ValidationError as error:
        for detail in error.errors():
            for place, about, message in explain_error(detail, RoomSection):
                reading.wrong.append(reading.origins.report(place, message, about))
        return reading
    for name, piece in reading.room.room.items():
        try:
            reading.shows[name] = show_of(piece, path)
        except Fault as fault:
            report = reading.at(("room", name, "show"), f"{name}: {fault}")
            reading.wrong.append(report)
            if isinstance(fault, NoShow):
                reading.missing[name] = report
    return reading


def show_of(piece: PieceRule, room: Path) -> Path:
    """The file that a piece plays: beside the room file, else as `find_show` finds it. Raises
    Fault."""
    for name in (piece.show, f"{piece.show}.yaml"):
        beside = room.parent / name
        if is_file(beside) and beside.resolve() != room.resolve():
            found = beside
            break
    else:
        try:
            found = find_show(piece.show)
        except Fault as fault:
            raise NoShow(str(fault)) from None
    if is_room(found):
        raise Fault(f"{piece.show}: is a room itself; name a show")
    return found


def _resolve(plain: dict[str, Any], reading: RoomReading) -> None:
    """Paths that pieces name, relative to the room file, else to the working directory."""
    pieces = plain.get("room")
    for name, piece in pieces.items() if isinstance(pieces, dict) else ():
        if isinstance(piece, dict):
            resolve_paths(
                piece,
                reading.path.parent,
                lambda place, text, name=name: reading.notes.append(  # type: ignore[misc]
                    reading.at(("room", name, *place), text)
                ),
            )


class WatchedFile:
    """A file that may be saved while it is in use."""

    def __init__(self, path: Path, log: Callable[[str], None]) -> None:
        self.path = path
        self._presence = Presence("the room plays on as it was", log)
        self._seen = self._before = self._stamp()

    def changed(self) -> bool:
        """Whether it was saved, and has stood still since the last look: the half of a room file is
        a room of fewer pieces. One that is not there has not changed; that is told once."""
        now, before = self._stamp(), self._before
        self._before = now
        self._presence.look(self.path, now is not None)
        if now is None or now == self._seen or now != before:
            return False
        self._seen = now
        return True

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size
