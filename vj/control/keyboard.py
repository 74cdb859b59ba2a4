"""Single keys from the terminal, without Enter."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from vj.control.mapping import ControlMapping
from vj.parameters.store import Store

DIGITS = "123456789"


def cue_keys(cues: Sequence[str], mappings: Iterable[ControlMapping]) -> dict[str, str]:
    """Which key of the terminal fires which cue: digits by position, the first is 1; mapped keys
    take precedence. cues: the names, in their order."""
    mapped = {mapping.rule.key: mapping for mapping in mappings if mapping.rule.key is not None}
    fires = dict(zip(DIGITS, cues, strict=False))
    found = {key: name for key, name in fires.items() if key not in mapped}
    for key, mapping in mapped.items():
        asked = str(mapping.rule.value)
        if mapping.row.name == "cue/fire" and mapping.rule.value is not None:
            place = int(asked) if asked.isdecimal() and len(asked) < 5 else len(cues)
            name = asked if asked in cues else cues[place] if place < len(cues) else ""
            found |= {key: name} if name else {}
    return found


def play_key(key: str, store: Store, cues: Mapping[str, str], log: Callable[[str], None]) -> None:
    """What a key does that is not mapped: space and right the next cue, left the one before, a
    digit a cue, t taps the tempo, p writes the picture. cues: which key fires which cue."""
    if key in (" ", "right"):
        store.set("cue/go", True)
    elif key == "left":
        store.set("cue/back", True)
    elif key.isdecimal() and cues:
        if key in cues:
            store.set("cue/fire", cues[key])
        else:
            known = ", ".join(f"{one} {cue}" for one, cue in cues.items())
            log(f"key {key}: there is no such cue; {known}")
    elif key == "t":
        store.set("tempo/tap", True)
    elif key == "p":
        store.set("snapshot", True)


ARROWS = {"[C": "right", "[D": "left", "[A": "up", "[B": "down", "OC": "right", "OD": "left"}


_OPEN: list[Keyboard] = []


def leave_terminal() -> None:
    """Restore the terminal, for code that ends the process at once."""
    for keyboard in list(_OPEN):
        keyboard.close()


class Keyboard:
    """Calls `on_key` with each key, on a thread of its own; `close` restores the terminal. Does
    nothing in a pipe."""

    def __init__(self, on_key: Callable[[str], None]) -> None:
        self._on_key = on_key
        self._saved_mode: Any = None
        self._stop = threading.Event()

    def start(self) -> None:
        if not sys.stdin.isatty():
            return
        if sys.platform != "win32":
            import termios
            import tty

            try:
                if os.getpgrp() != os.tcgetpgrp(sys.stdin.fileno()):
                    return  # in the background: reading would stop the whole program
            except OSError:
                pass  # a terminal that is not this session's own may be read by anybody
            try:
                self._saved_mode = termios.tcgetattr(sys.stdin.fileno())
                tty.setcbreak(sys.stdin.fileno())
            except (OSError, termios.error):
                self._saved_mode = None
                return  # the terminal has just been closed: the show plays without keys
            _OPEN.append(self)
        threading.Thread(target=self._run, name="keys", daemon=True).start()

    def close(self) -> None:
        """Restore the terminal. May be called twice."""
        self._stop.set()
        if self._saved_mode is not None:
            import termios

            before, self._saved_mode = self._saved_mode, None
            _OPEN.remove(self)
            with contextlib.suppress(
                OSError, ValueError, termios.error
            ):  # it has gone, or was closed
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                key = self._read()
            except (OSError, ValueError):  # the terminal has gone, or was closed; the show has not
                return
            if key:
                self._on_key(key)

    def _read(self) -> str:
        """The next key's name, "" when none came within a moment."""
        if sys.platform == "win32":
            import msvcrt

            if not msvcrt.kbhit():
                self._stop.wait(0.05)
                return ""
            key = msvcrt.getwch()
            return (
                {"M": "right", "K": "left", "H": "up", "P": "down"}.get(msvcrt.getwch(), "")
                if key in "\x00\xe0"
                else key
            )
        import select

        number = sys.stdin.fileno()
        if not select.select([number], [], [], 0.1)[0]:
            return ""
        read = os.read(number, 8).decode("utf-8", "ignore")
        if not read:
            self._stop.set()
        return ARROWS.get(read[1:3], "") if read.startswith("\x1b") else read[:1]
