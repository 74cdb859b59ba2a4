"""What a page can ask a live show for (`vj.web.page_socket.Action`): each takes the request and
returns the reply. Strokes and keys are taken on the page's thread, the others on threads of their
own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from vj.app.choosers import Choosers
from vj.app.displays import Displays
from vj.app.sent_picture import decoded
from vj.app.show_writer import ShowWriter
from vj.app.style_shelf import StyleShelf
from vj.control.held_keys import Phase
from vj.control.session import ControlSession
from vj.core.canvas import Canvas
from vj.core.errors import Fault
from vj.show.validate import KEYS
from vj.web.page_requests import Action

Json = dict[str, Any]
MOST_MOVED = 128
"""Controls of a pad that a request may name."""
PHASES = get_args(Phase)


def page_actions(
    session: ControlSession,
    writer: ShowWriter,
    choosers: Choosers,
    styles: StyleShelf,
    canvas: Canvas,
    displays: Displays,
) -> Mapping[str, Action]:
    """Requests by their type, see docs/page_protocol.md."""

    def key(asked: Json) -> Json:
        pressed = asked.get("key")
        if not isinstance(pressed, str) or not (len(pressed) == 1 or pressed in KEYS):
            raise Fault(f"key {pressed!r:.40}: one letter, a digit, or {', '.join(KEYS)}")
        phase = asked.get("phase", "tap")
        if phase not in PHASES:
            raise Fault(f"key {pressed}: phase {phase!r:.40}: {', '.join(PHASES)} would be right")
        session.key(pressed, phase)
        return {}

    def pad(asked: Json) -> Json:
        device, person, moved = asked.get("device"), asked["person"], asked.get("moved")
        if not isinstance(device, str):
            raise Fault(f"pad: device {device!r:.40} is no name")
        if asked.get("gone"):
            session.pads.gone(device[:80], person)
        elif isinstance(moved, dict) and len(moved) <= MOST_MOVED:
            session.pads.moved(device[:80], moved, person, asked["here"])
        else:
            raise Fault('pad: moved: {"axis 0": 0.5, "button 3": 1} would be right')
        return {}

    def by_hand(act: Action) -> Action:
        """Somebody plays, though no control: the show is not left alone meanwhile."""

        def done(asked: Json) -> Json:
            session.engine.idle.hand()
            return act(asked)

        return done

    def stroke(asked: Json) -> Json:
        canvas.stroke(asked["person"], asked)
        return {}

    def on_canvas(asked: Json) -> Json:
        what = asked.get("do")
        if what == "undo":
            canvas.undo(asked["person"])
        elif what == "clear":
            canvas.clear()
        elif what == "import":
            canvas.import_picture(decoded(asked.get("image"), "canvas"))
        else:
            raise Fault(f"canvas {what!r:.40}: undo, clear or import can be done")
        return {}

    return {
        "key": key,
        "pad": pad,
        "stroke": by_hand(stroke),
        "canvas": by_hand(on_canvas),
        "learn": writer.learn,
        "mappings": writer.mappings,
        "unmap": writer.unmap,
        "range": writer.range,
        "save_as": writer.save_as,
        "style_picture": styles.add,
        "remove_style": styles.remove,
        "displays": displays.listed,
        "display": displays.change,
        "devices": lambda asked: dict(choosers.devices.names()),
        "choose": by_hand(lambda asked: choosers.choose(asked.get("what"), asked.get("value"))),
    }
