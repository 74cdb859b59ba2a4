"""Where each thing in a show is from: a line of its file or of one that it includes, or the command
line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vj.show.parse import line_in
from vj.show.section import Place
from vj.show.syntax import one_line

OPTIONS = {
    "source": "--source",
    "sinks": "--sink",
    "model": "--model",
    "size": "--size",
    "output": "--output",
    "fps": "--fps",
    "osc": "--osc",
}
"""The options of the command line that stand for lines of a show; --set stands for those of
start:."""

Report = tuple[int, int, str]
"""Which file (-1: the command line), the line in it, and the whole message: sorted, they are in the
order in which one reads them."""


class Origins:
    """Of one show. Places are those of the show with what it includes put in, and with the command
    line over it."""

    def __init__(self, tree: Any, where: str, overrides: Mapping[str, Any] | None = None) -> None:
        """tree: the show's own. where: names its file. overrides: what the command line says."""
        self.overrides = overrides or {}
        self._files: list[tuple[Any, str]] = [(tree, where)]
        self._entries: dict[str, list[tuple[int, int]]] = {}
        """Of lists that were put together: for each entry its file, and its place there."""
        self._names: dict[tuple[str, str], int] = {}
        """Of mappings that were: for each name its file, when that is not the show's own."""
        self.kept: dict[str, list[int]] = {}
        """Of lists from which something was taken out: for each entry left where it was before."""

    def include(self, tree: Any, where: str) -> int:
        """Another file. Returns its number."""
        self._files.append((tree, where))
        return len(self._files) - 1

    def put_before(self, section: str, file: int, count: int, own: int) -> None:
        """So many entries of a file were put before the `own` entries that a section had."""
        before = self._entries.get(section, [(0, index) for index in range(own)])
        self._entries[section] = [*((file, index) for index in range(count)), *before]

    def put_name(self, section: str, name: str, file: int) -> None:
        """An entry of a mapping came from a file."""
        self._names[section, name] = file

    def report(self, place: Place, message: str, about: str = "") -> Report:
        """A message with where it belongs. about: the name of what it is about, which stands before
        it unless that is said anyway."""
        place, message = self.before(place), one_line(message)
        about = one_line(about, 100)
        option = self._option(place)
        if option:
            return -1, 0, f"command line: {one_line(option, 100)}: {message}"
        file, line, where = self._at(place)
        whole = f"{about}: {message}" if about else message
        return file, line, f"{where}:{line}: {whole}" if line else f"{where}: {whole}"

    def before(self, place: Place) -> Place:
        """A place as it was before anything was taken out."""
        if (
            len(place) > 1
            and place[0] in self.kept
            and isinstance(place[1], int)
            and place[1] < len(self.kept[place[0]])
        ):
            return (place[0], self.kept[place[0]][place[1]], *place[2:])
        return place

    def _option(self, place: Place) -> str:
        """The option that said what stands at a place; empty when none did."""
        key = place[0] if place else None
        if key == "start" and len(place) > 1:
            start = self.overrides.get("start", {})
            return f"--set {place[1]}={start[place[1]]}" if place[1] in start else ""
        if key not in OPTIONS or self.overrides.get(key) is None:
            return ""
        given = self.overrides[key]
        if isinstance(given, list):
            given = (
                given[place[1]]
                if len(place) > 1 and isinstance(place[1], int) and place[1] < len(given)
                else " ".join(map(str, given))
            )
        return f"{OPTIONS[key]} {given}"

    def _at(self, place: Place) -> tuple[int, int, str]:
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
        return file, line_in(tree, place), where
