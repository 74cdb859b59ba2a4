"""The origin of each value of a show: a line of its file or of an included one, or the command
line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vj.show.parse import line_in
from vj.show.section import KeyPath
from vj.show.syntax import one_line

OPTIONS = {
    "source": "--source",
    "sinks": "--sink",
    "model": "--model",
    "size": "--size",
    "output": "--output",
    "fps": "--fps",
    "sound": "--sound",
    "mark": "--mark",
    "osc": "--osc",
    "page": "--page",
}
"""The command-line options that replace keys of a show; --set is for those of start:."""

OLD_PAGE = "preview"
"""The older name of `page:`, which shows may still use."""

Report = tuple[int, int, str]
"""The number of the file (-1: the command line), the line in it, and the whole message; in this
order they are sorted."""


class Origins:
    """The origins of one show's values. Key paths are those of the show with its included files
    merged, and with the command line over it."""

    def __init__(self, tree: Any, where: str, overrides: Mapping[str, Any] | None = None) -> None:
        """tree: the show's own. where: its file's name. overrides: values of the command line."""
        self.overrides = overrides or {}
        self._files: list[tuple[Any, str]] = [(tree, where)]
        self._entries: dict[str, list[tuple[int, int]]] = {}
        """For merged lists: each entry's file, and its index there."""
        self._names: dict[tuple[str, str], int] = {}
        """For merged mappings: each name's file, if it is not the show's own."""
        self.remaining: dict[str, list[int]] = {}
        """For lists from which entries were removed: the original index of each remaining one."""

    def include(self, tree: Any, where: str) -> int:
        """Add an included file. Returns its number."""
        self._files.append((tree, where))
        return len(self._files) - 1

    def put_before(self, section: str, file: int, count: int, own: int) -> None:
        """Note that so many entries of a file were inserted before a section's `own` entries."""
        before = self._entries.get(section, [(0, index) for index in range(own)])
        self._entries[section] = [*((file, index) for index in range(count)), *before]

    def put_name(self, section: str, name: str, file: int) -> None:
        """Note that an entry of a mapping came from a file."""
        self._names[section, name] = file

    def report(self, place: KeyPath, message: str, about: str = "") -> Report:
        """A message with its origin. about: the name of the value, put before the message if not
        empty."""
        place, message = self.original(place), one_line(message)
        about = one_line(about, 100)
        option = self._option(place)
        if option:
            return -1, 0, f"command line: {one_line(option, 100)}: {message}"
        file, line, where = self._at(place)
        whole = f"{about}: {message}" if about else message
        return file, line, f"{where}:{line}: {whole}" if line else f"{where}: {whole}"

    def original(self, place: KeyPath) -> KeyPath:
        """A key path as it was before entries were removed."""
        if (
            len(place) > 1
            and place[0] in self.remaining
            and isinstance(place[1], int)
            and place[1] < len(self.remaining[place[0]])
        ):
            return (place[0], self.remaining[place[0]][place[1]], *place[2:])
        return place

    def _option(self, place: KeyPath) -> str:
        """The option that set the value at a key path; empty if none did."""
        key = place[0] if place else None
        if key == "start" and len(place) > 1:
            start = self.overrides.get("start", {})
            return f"--set {place[1]}={start[place[1]]}" if place[1] in start else ""
        if key not in OPTIONS or self.overrides.get(key) is None:
            return ""
        if key == "page" and (self.overrides[key] == "off" or place[1:2] not in ((), ("listen",))):
            return ""  # --page says where, or off; the rest of the section is the show's
        given = self.overrides[key]
        if isinstance(given, list):
            given = (
                given[place[1]]
                if len(place) > 1 and isinstance(place[1], int) and place[1] < len(given)
                else " ".join(map(str, given))
            )
        return f"{OPTIONS[key]} {given}"

    def _at(self, place: KeyPath) -> tuple[int, int, str]:
        """The number of the file, the line, and the file's name."""
        file = 0
        if len(place) > 1:
            section, entry = place[0], place[1]
            if (
                section in self._entries
                and isinstance(entry, int)
                and entry < len(self._entries[section])
            ):
                file, index = self._entries[section][entry]
                place = (section, index, *place[2:])
            else:
                file = self._names.get((section, str(entry)), 0)
        tree, where = self._files[file]
        if place[:1] == ("page",) and "page" not in tree and OLD_PAGE in tree:
            place = (OLD_PAGE, *place[1:])
        return file, line_in(tree, place), where
