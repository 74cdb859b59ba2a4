"""What a page can ask a live show for (`vj.web.page_socket.Action`): each takes the request and
returns the reply, on a thread of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vj.control.session import ControlSession
from vj.core.errors import Fault
from vj.web.page_socket import Action

Json = dict[str, Any]
KEYS = (" ", "left", "right", "up", "down")


def page_actions(session: ControlSession) -> Mapping[str, Action]:
    """Requests by their type."""

    def key(asked: Json) -> Json:
        pressed = asked.get("key")
        if not isinstance(pressed, str) or not (len(pressed) == 1 or pressed in KEYS):
            raise Fault(f"key {pressed!r:.40}: one letter, a digit, or {', '.join(KEYS[1:])}")
        session.key(pressed)
        return {}

    return {"key": key}
