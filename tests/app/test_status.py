"""What a show says about itself while it plays, to whoever plays it over OSC."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

from vj.app.live import Performance
from vj.app.status import _answer, status
from vj.core.frame import Size
from vj.parameters.store import Store
from vj.pipeline.backend import PassThrough
from vj.show.load import check_show

UNDERSTOOD = "gold: metal in molten gold"


class Speaking(PassThrough):
    """A backend that reads its prompts."""

    log: Callable[[str], None]
    understood = UNDERSTOOD


def test_what_was_understood_is_told_and_what_was_not_comes_as_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend = Speaking(Size(64, 64))

    def make(*given: Any) -> Speaking:
        backend.log = given[5]
        backend.log("loading")
        return backend

    monkeypatch.setattr("vj.app.model_loader.make_backend", make)
    said: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(5)
        osc = {"listen": "127.0.0.1:0", "reply": f"127.0.0.1:{ear.getsockname()[1]}"}
        show = check_show({"model": "none", "size": "64x64", "sinks": [], "osc": osc}, "a test")
        performance = Performance(show, said.append)
        opened = performance.start()
        try:
            SimpleUDPClient(*opened.osc.address).send_message("/vj/prompt", "a cat in space")
            end = time.monotonic() + 10
            while performance.loop.pipeline.backend is not backend:
                assert time.monotonic() < end
                time.sleep(0.01)
            backend.log("“a cat in space” names nothing")
            heard: dict[str, list[Any]] = {}
            while {"/vj/error", "/vj/status/understood"} - heard.keys() or UNDERSTOOD not in str(
                heard
            ):
                assert time.monotonic() < end, heard
                message = OscMessage(ear.recv(65536))
                heard[message.address] = message.params
            assert heard["/vj/error"] == ["“a cat in space” names nothing"]
            assert "“a cat in space” names nothing" in said, "and in the terminal"
            assert status(performance)["understood"] == UNDERSTOOD
            assert performance.state == "playing", "a remark is no state of the show"
        finally:
            performance.stop()


def test_a_painter_that_reads_no_words_has_understood_nothing() -> None:
    show = check_show({"model": "none", "size": "64x64", "sinks": []}, "a test")
    assert status(Performance(show, lambda text: None))["understood"] == ""


@pytest.mark.parametrize(
    ("what", "report"),
    [
        ("fps", [24.5]),
        ("sinks 1", ["preview"]),
        ("sinks 9", [""]),
        ("width", [320]),
        ("frames", [99]),
        ("delta", [0.25]),
        ("local_streaming", ["local_streaming"]),
        (1.0, [1.0]),
        ("json", ['{"fps": 24.5, "sinks": ["ndi:vj", "preview"]}']),
    ],
)
def test_what_old_patches_expect_is_answered(what: str | float, report: list[Any]) -> None:
    performance: Any = SimpleNamespace(
        metrics=SimpleNamespace(painted=99), size=Size(320, 240), store=Store({"delta": 0.25})
    )
    assert _answer(performance, what, {"fps": 24.5, "sinks": ["ndi:vj", "preview"]}) == report
