"""The displays of a show (`display:`) as the page and the parameter `display/pattern` see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2

from vj.app.context import ShowContext
from vj.app.sent_picture import decoded
from vj.core.errors import Fault
from vj.core.supervisor import TaskQueue
from vj.display.setup import KEYS, setup_file
from vj.parameters.table import Value
from vj.sinks.display import DisplaySink

Json = dict[str, Any]
PATTERN = "display/pattern"


class Displays:
    """What is asked for is done on the threads that ask, or on one of its own: a display's process
    may be starting just then."""

    def __init__(self, context: ShowContext, displays: Callable[[], Sequence[DisplaySink]]) -> None:
        """displays: those of the show that plays, in the order of its sinks."""
        self._store, self._displays = context.store, displays
        self._tasks = TaskQueue(context.supervisor, "displays")
        context.store.listeners.append(self._on_change)

    def start(self) -> None:
        """A show may start with the test pattern."""
        if self._store.get(PATTERN):
            self._on_change(PATTERN, True, None)

    def close(self) -> None:
        self._tasks.close(timeout=0.2)

    def listed(self, asked: Json) -> Json:
        """`{displays: [...]}`, see `vj.sinks.display.DisplaySink.describe`."""
        return {"displays": [one.describe() for one in self._displays()]}

    def change(self, asked: Json) -> Json:
        """`display`: a URI. Any of corners, rotate, flip, fit, mask (a path) are kept; `image`, a
        data URL, becomes the mask; `pattern`, on or off, and `open`, after its window was closed,
        are done. Raises Fault."""
        display = self._find(asked.get("display"))
        setup = {key: asked[key] for key in KEYS if key in asked}
        if "image" in asked:
            setup["mask"] = self._keep_mask(display, asked["image"])
        if setup:
            display.change(setup)
        if "pattern" in asked:
            display.show_pattern(bool(asked["pattern"]))
        if asked.get("open"):
            display.reopen()
        return {"display": display.describe()}

    def _find(self, uri: object) -> DisplaySink:
        found = {one.uri: one for one in self._displays()}
        if not isinstance(uri, str) or uri not in found:
            there = ", ".join(found) or "none; a sink display: would be one"
            raise Fault(f"display {uri!r:.60}: there is no such one (there are: {there})")
        return found[uri]

    def _keep_mask(self, display: DisplaySink, image: object) -> str:
        """Write a mask beside the setup; its path, another one than that of the mask before, which
        is looked at only once. Raises Fault."""
        pixels = decoded(image, "mask")
        plain = setup_file(display.describe()["name"] or "display")
        before = display.describe()["setup"]["mask"]
        names = [plain.with_name(f"{plain.stem} mask{more}.png") for more in ("", " 2")]
        path = next(one for one in names if Path(before) != one)
        packed = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))[1]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(packed.tobytes())
        except OSError as error:
            raise Fault(f"{path}: cannot be written ({error.strerror})") from None
        return str(path)

    def _on_change(self, name: str, value: Value, origin: object) -> None:
        if name == PATTERN:
            self._tasks.put(lambda: self._show_pattern(bool(value)))

    def _show_pattern(self, on: bool) -> None:
        for display in self._displays():
            display.show_pattern(on)
