"""A room that plays: its pieces one after the other started, watched, and held together."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from vj.control.osc.network import started_near
from vj.core.errors import Fault
from vj.core.supervisor import Supervisor
from vj.room.beat import RoomBeat
from vj.room.cards import VISIBLE, GraphicsCard, card_named, environment_of
from vj.room.child import PATIENCE, PieceProcess, command_of
from vj.room.osc_router import OscRouter
from vj.room.piece import Piece
from vj.room.spare import WORD, Spare
from vj.show.page_section import parse_address
from vj.show.room_file import RoomReading, WatchedFile, read_room

LOOK = 0.5
"""Seconds between two looks at the pieces."""
APART = 3.0
"""Seconds after which the next piece is started, though the one before shows no picture yet."""

FIXED = ("osc", "page", "bpm", "link", "beat")
"""Keys that the room is started with."""

MakeCommand = Callable[[str, list[str]], Sequence[str]]
"""A piece's name, and its words on vj's command line -> the command of its process."""


class LiveRoom:
    """`start`, then `stop`."""

    def __init__(
        self,
        reading: RoomReading,
        log: Callable[[str], None],
        *,
        cards: Sequence[GraphicsCard] = (),
        bpm: float = 120.0,
        more: Sequence[str] = (),
        resume: bool = False,
        make: MakeCommand = lambda name, words: command_of(words),
        spare: bool = False,
    ) -> None:
        """log: takes messages for the user, from any thread. cards: that this machine has. bpm: the
        tempo at the start. more: words on the command line of every piece. resume: pieces go on
        where they stood when the room was last killed. spare: a process stands by for whichever
        dies."""
        assert reading.room is not None
        self.rule, self._shows, self._log = reading.room, reading.shows, log
        self._more, self._resume, self._make = list(more), resume, make
        self._file = WatchedFile(reading.path, log)
        self._there = list(cards)
        self.cards: dict[str, GraphicsCard | None] = {}
        """Of each piece; None leaves it to the process."""
        self.supervisor = Supervisor(log)
        self.beat = RoomBeat(bpm, lambda told: self._tell_all(beat=told), log)
        self._places: dict[str, int] = {}
        """Which page is whose, counted from the room's: it stays where it is."""
        self.pieces = {name: self._piece(name) for name in self.rule.room}
        self._spare = Spare(command_of([WORD])) if spare else None
        self._ports: dict[str, int] = {}
        """Where each heard OSC last: it is to hear there again."""
        self._hearing: set[str] = set()
        """Whose present process hears OSC."""
        self.osc: OscRouter | None = None
        self._page_base = 0
        self._started, self._over = threading.Event(), threading.Event()
        self.panics = 0

    def start(self, page_base: int = 0) -> None:
        """Open the OSC port, and start the pieces one after the other, on a thread. page_base: the
        port of the first piece's page, 0 for any free ones. Raises Fault."""
        self._page_base = page_base
        self.osc = started_near(
            lambda listen: OscRouter(
                listen,
                list(self.pieces),
                self._osc_of,
                self.answer_own,
                self._log,
                self.show_files,
            ),
            parse_address(self.rule.osc),
            self._log,
        )
        if self.rule.link and self._together:
            self.beat.start()
        self.supervisor.start("the pieces' start", self._start_pieces, self._over.is_set)
        self.supervisor.every("the pieces", self.look, LOOK, self._over)

    def stop(self) -> None:
        """End all pieces, within seconds, whatever they do."""
        self._over.set()
        for piece in self.pieces.values():
            piece.stop()
        if self._spare is not None:
            self._spare.close()
        until = time.monotonic() + PATIENCE
        for piece in self.pieces.values():
            piece.wait(max(0.0, until - time.monotonic()))
        self.beat.stop()
        if self.osc is not None:
            self.osc.stop()

    @property
    def _together(self) -> bool:
        return self.rule.beat == "together"

    @property
    def ended(self) -> bool:
        """Every piece has come to its end by its own wish."""
        return all(piece.ended for piece in self.pieces.values())

    def panic(self) -> None:
        """Every piece panics."""
        self.panics += 1
        self._tell_all(panic=True)

    def look(self) -> None:
        """See whether a piece hangs or the room file was saved, and have a process stand by once
        all are well."""
        for piece in self.pieces.values():
            piece.watch()
        if self._spare is not None and all(
            piece.ended or piece.state.state == "playing" or piece.state.fault
            for piece in self.pieces.values()
        ):
            self._spare.prepare()
        if self._started.is_set() and self._file.changed():
            self._saved()

    def _saved(self) -> None:
        """The room file was saved: what is right is adopted."""
        path = self._file.path
        try:
            reading = read_room(path)
        except Fault as fault:
            self._log(f"{fault}; the room plays on as it was")
            return
        if reading.wrong or reading.room is None:
            for line in reading.faults:
                self._log(line)
            self._log(f"{path}: is not right as it was saved; the room plays on as it was")
            return
        self.adopt(reading)

    def adopt(self, reading: RoomReading) -> None:
        """Go on as another version of the file says: pieces that are new are started, those that
        are gone ended, those that play something else started anew; the others notice nothing."""
        assert reading.room is not None
        old, new, shows = self.rule, reading.room, self._shows
        kept = {key: getattr(old, key) for key in FIXED}
        for key in FIXED:
            if getattr(new, key) != kept[key]:
                self._log(f"{reading.path}: {key}: is another from the next start of the room on")
        self.rule, self._shows = new.model_copy(update=kept), reading.shows
        before = self.pieces
        self.pieces = {
            name: before[name] if name in before else self._piece(name) for name in new.room
        }
        if self.osc is not None:
            self.osc.names = list(new.room)
        for name, piece in self.pieces.items():
            if name not in before:
                self._log(f"{name}: is new in the room")
                piece.start()
            elif (old.room[name], shows[name]) != (new.room[name], reading.shows[name]):
                self.cards[name] = self._card(name, new.room[name].card)
                piece.restart()
        gone = [piece for name, piece in before.items() if name not in self.pieces]
        for piece in gone:
            self._log(f"{piece.name}: is no longer in the room")
            piece.stop()
        for piece in gone:
            piece.wait()

    def status(self) -> list[dict[str, Any]]:
        """Each piece, for the page and for OSC."""
        found = []
        for name, piece in self.pieces.items():
            state, card, process = piece.state, self.cards[name], piece.process
            found.append(
                {
                    "name": name,
                    "show": state.alive.get("show") or self._shows[name].stem,
                    "state": state.state,
                    "fps": float(state.alive.get("fps", 0.0)) if process else 0.0,
                    "frames": state.alive.get("frames", 0) if process else 0,
                    "process": process.number if process else 0,
                    "restarts": state.deaths,
                    "why": state.why,
                    "fault": state.fault,
                    "wait": state.wait,
                    "zero": _zero(state.alive) if process else 0.0,
                    "page": piece.page,
                    "osc": piece.osc or 0,
                    "card": str(card) if card is not None else "",
                }
            )
        return found

    def status_line(self) -> str:
        """`left 24.0 fps · right restarting (2 times)`."""
        return " · ".join(
            f"{one['name']} "
            + (f"{one['fps']:.1f} fps" if one["state"] == "playing" else one["state"])
            + (f" ({one['restarts']} restarts)" if one["restarts"] else "")
            for one in self.status()
        )

    def show_files(self) -> list[Path]:
        """Of the pieces. From any thread."""
        return list(self._shows.values())

    def _start_pieces(self) -> None:
        """One after the other, so that card and disk are not asked by all at once."""
        for piece in self.pieces.values():
            if self._over.is_set():
                return
            piece.start()
            end = time.monotonic() + APART
            while not piece.heard.wait(0.05) and time.monotonic() < end:
                if self._over.is_set():
                    return
        self._started.set()

    def _piece(self, name: str) -> Piece:
        """A piece of the room, to be started."""
        self.cards[name] = self._card(name, self.rule.room[name].card)
        self._places.setdefault(name, len(self._places))
        return Piece(
            name,
            partial(self._process, name),
            self._log,
            self._on_message,
            files=lambda: [self._shows[name]] if name in self._shows else [],
        )

    def _osc_of(self, name: str) -> int | None:
        """Where a piece hears OSC now."""
        piece = self.pieces.get(name)
        return None if piece is None else piece.osc

    def _process(
        self,
        name: str,
        resume: bool,
        on_message: Callable[[dict[str, Any]], None],
        on_words: Callable[[str], None],
    ) -> PieceProcess:
        """Start a piece, with the process that stands by if it is ready, unless it has a fault and
        would only use it up. Raises Fault."""
        words, environment = self._words(name, resume), environment_of(self.cards[name])
        spare = None if self.pieces[name].state.fault else self._spare
        if spare and (taken := spare.take(words, environment, on_message, on_words)):
            return taken
        return PieceProcess(self._make(name, words), environment, on_message, on_words, name)

    def _words(self, name: str, resume: bool) -> list[str]:
        """What stands on a piece's command line now."""
        rule, place = self.rule.room[name], self._places[name]
        page = "off"
        if self.rule.page:
            host, _ = parse_address(self.rule.page)
            page = f"{host}:{self._page_base + place if self._page_base else 0}"
        words = [
            str(self._shows[name]),
            *rule.options(),
            f"--osc=127.0.0.1:{self._ports.get(name, 0)}",
            f"--page={page}",
            f"--room={name}",
            "--quiet",
            *self._more,
        ]
        if resume or (self._resume and not self.pieces[name].state.deaths):
            words.append("--resume")
        return words

    def _card(self, name: str, wanted: int | str | None) -> GraphicsCard | None:
        if wanted is None:
            # who has chosen for the whole room has chosen for this piece
            return None if VISIBLE in os.environ or not self._there else self._there[0]
        try:
            return card_named(wanted, self._there)
        except Fault as fault:
            self._log(f"{name}: {fault}; it takes what there is")
            return None

    def _tell_all(self, but: str = "", **message: Any) -> None:
        for name, piece in self.pieces.items():
            if name != but:
                piece.send(**message)

    def _on_message(self, name: str, message: dict[str, Any]) -> None:
        """From a piece, on a thread of its."""
        alive, tempo = message.get("alive"), message.get("tempo")
        if isinstance(alive, dict):
            port = alive.get("osc")
            if isinstance(port, int) and self._ports.get(name) != port:
                self._ports[name] = port
            piece = self.pieces.get(name)
            if self._together and alive.get("at") is None and piece is not None:
                piece.send(beat=self.beat.told())
            if not isinstance(port, int):
                self._hearing.discard(name)
            elif name not in self._hearing and self.osc is not None:
                self._hearing.add(name)
                self.osc.started_again(name)
        if isinstance(tempo, dict) and self._together:
            self.beat.set(float(tempo["bpm"]), float(tempo["beat"]), float(tempo["at"]))
        if message.get("panic") and self.rule.panic == "together":
            self.panics += 1
            self._tell_all(but=name, panic=True)

    def answer_own(
        self, address: str, arguments: tuple[Any, ...]
    ) -> list[tuple[str, Sequence[Any]]]:
        """What answers a message to the room itself."""
        what = address.removeprefix("/vj/room/")
        if what == "status":
            return [
                (f"/vj/room/status/{one['name']}", [one["state"], one["fps"], one["restarts"]])
                for one in self.status()
            ]
        if what == "panic":
            self.panic()
            return []
        if what == "restart" and arguments and arguments[0] in self.pieces:
            self.pieces[arguments[0]].restart()
            return []
        known = ", ".join(self.pieces)
        said = f"{address}: the room knows status, panic and restart NAME ({known})"
        return [("/vj/error", [said])]


def _zero(alive: Mapping[str, Any]) -> float:
    """When a piece's beat 0 was, by its own count, in seconds of the machine's clock: the same for
    all pieces that beat together."""
    beat, bpm = alive.get("beat"), alive.get("bpm")
    return float(alive["at"]) - beat * 60 / bpm if beat is not None and bpm else 0.0
