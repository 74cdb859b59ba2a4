"""Show files as people edit them, and as nobody would: lines of mappings/*.yaml changed, moved, cut
and mixed."""

from __future__ import annotations

import random
import re
from pathlib import Path

from vj.show.find import ROOMS
from vj.show.load import FIRST_SHOW

VALUES = (
    "",
    " ",
    "~",
    "null",
    "on",
    "off",
    "yes",
    "0",
    "-1",
    "1e999",
    ".nan",
    ".inf",
    "-.inf",
    "1" * 400,
    "9" * 5000,
    "1:30",
    "01:02:03",
    "2026-11-26",
    "0x1f",
    "0o17",
    "'",
    '"',
    "|",
    ">",
    "[",
    "[]",
    "[[]]",
    "[1, 2",
    "{}",
    "{a: 1}",
    "{a: {b: {c: [1, {d: 2}]}}}",
    "!!python/object/apply:os.system [true]",
    "!!binary aGFsbG8=",
    "!!set {a, b}",
    "!!timestamp 2026-11-26",
    "!tag x",
    "&a [*a]",
    "*nobody",
    "<<: *nobody",
    "?? who",
    "a: b: c",
    "- - -",
    "gold, silver",
    "Öl 水墨 🎨",
    "\ud7ff\ue000",
    "\x07",
    "\x85",
    "\u2028",
    "/dev/zero",
    "/",
    "~nobody/x",
    "x" * 5000,
    "record:/nowhere/x.mp4",
    "ndi:",
    "512x512",
    "0x0",
    "-8x8",
    "99999x99999",
    "16:9",
    "0:9",
    "1/0 bar",
    "1/4 bar",
    "0 s",
    "-4 s",
    "1e9 s",
    "4 beats",
    "nan s",
    "cc 64",
    "cc 128",
    "note -1",
    "note 36 ch 17",
    "nrpn 1",
    "127.0.0.1:99999",
    "[::]:9000",
    "host",
    "s-curve",
    "true",
    "strength",
    "macro/pedal",
    "panic",
    "take/start",
    "cue/fire",
)
LETTERS = (
    "\t",
    "  ",
    ":",
    ": ",
    "#",
    "-",
    "- ",
    ",",
    "{",
    "}",
    "[",
    "]",
    "&",
    "*",
    "!",
    "|",
    ">",
    "'",
    '"',
    "%",
    "@",
    "`",
    "\r",
    "\0",
    "\ufeff",
)


def files() -> list[Path]:
    """All shows that come with the program."""
    return sorted(path for path in FIRST_SHOW.parent.rglob("*.yaml") if path.parent != ROOMS)


class Edits:
    """One stream of edited shows; the same seed gives the same."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.paths = files()
        self._texts = {path: path.read_text(encoding="utf-8").splitlines() for path in self.paths}
        self._all = [
            line for lines in self._texts.values() for line in lines if line.split("#")[0].strip()
        ]
        self._keys = sorted({key for line in self._all for key in re.findall(r"[\w/]+(?=:)", line)})

    def text(self) -> tuple[Path, str]:
        """The next one, and the show it was made of."""
        path = self.random.choice(self.paths)
        lines = list(self._texts[path])
        for _ in range(self.random.choice((1, 1, 1, 2, 3, 8))):
            if lines:
                self.random.choice(self._edits)(self, lines)
        return path, "\n".join(lines) + self.random.choice(
            ("\n", "\n", "", "\n\n\n", "\n---\n", "\n...")
        )

    def _place(self, lines: list[str]) -> int:
        """A line that says something, if there is one."""
        saying = [number for number, line in enumerate(lines) if line.split("#")[0].strip()]
        return self.random.choice(saying or range(len(lines)))

    def _value(self, lines: list[str]) -> None:
        place = self._place(lines)
        key, colon, _ = lines[place].partition(":")
        lines[place] = f"{key}{colon or ':'} {self.random.choice(VALUES)}"

    def _inner_value(self, lines: list[str]) -> None:
        """One of the values within braces or brackets."""
        place = self._place(lines)
        values = list(re.finditer(r"(?<=[:,\[] )[^,{}\[\]#]+", lines[place]))
        if values:
            found = self.random.choice(values)
            lines[place] = (
                lines[place][: found.start()]
                + self.random.choice(VALUES)
                + lines[place][found.end() :]
            )

    def _key(self, lines: list[str]) -> None:
        place = self._place(lines)
        keys = list(re.finditer(r"[\w/]+(?=:)", lines[place]))
        if keys:
            found = self.random.choice(keys)
            lines[place] = (
                lines[place][: found.start()]
                + self.random.choice(self._keys)
                + lines[place][found.end() :]
            )

    def _number(self, lines: list[str]) -> None:
        place = self._place(lines)
        numbers = list(re.finditer(r"-?\d+(\.\d+)?", lines[place]))
        if numbers:
            found = self.random.choice(numbers)
            other = self.random.choice(
                (
                    "-1",
                    "0",
                    "0.0",
                    "1e9",
                    "1e-9",
                    "3.5",
                    "1,5",
                    "1.30",
                    "0:30",
                    "99999999999",
                    ".5",
                    "5.",
                    "+1",
                    "1_0",
                )
            )
            lines[place] = lines[place][: found.start()] + other + lines[place][found.end() :]

    def _delete(self, lines: list[str]) -> None:
        del lines[self._place(lines)]

    def _twice(self, lines: list[str]) -> None:
        place = self._place(lines)
        lines.insert(self.random.randrange(len(lines) + 1), lines[place])

    def _foreign(self, lines: list[str]) -> None:
        """A line of another show."""
        lines.insert(self.random.randrange(len(lines) + 1), self.random.choice(self._all))

    def _indent(self, lines: list[str]) -> None:
        place = self._place(lines)
        lines[place] = (
            self.random.choice((" ", "  ", "    ", "\t")) + lines[place]
            if self.random.random() < 0.5
            else lines[place].lstrip()
        )

    def _comment(self, lines: list[str]) -> None:
        place = self._place(lines)
        lines[place] = "# " + lines[place]

    def _letter(self, lines: list[str]) -> None:
        place = self._place(lines)
        at = self.random.randrange(len(lines[place]) + 1)
        lines[place] = (
            lines[place][:at]
            + self.random.choice(LETTERS)
            + lines[place][at + self.random.randrange(2) :]
        )

    def _cut(self, lines: list[str]) -> None:
        """As a file that is being written."""
        del lines[self.random.randrange(len(lines)) :]
        if lines:
            lines[-1] = lines[-1][: self.random.randrange(len(lines[-1]) + 1)]

    def _swap(self, lines: list[str]) -> None:
        one, two = self._place(lines), self._place(lines)
        lines[one], lines[two] = lines[two], lines[one]

    _edits = (
        _value,
        _value,
        _value,
        _inner_value,
        _inner_value,
        _inner_value,
        _key,
        _key,
        _number,
        _number,
        _delete,
        _twice,
        _foreign,
        _indent,
        _comment,
        _letter,
        _cut,
        _swap,
    )
