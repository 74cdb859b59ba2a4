"""What a show says about itself while it plays, to whoever plays it over OSC."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

from tests.conftest import PlayShow
from tests.waiting import PATIENCE, until
from vj.app.live import Performance
from vj.app.status import Status, osc_status
from vj.core.frame import Size
from vj.pipeline.backend import PassThrough
from vj.show.load import check_show

UNDERSTOOD = "gold: metal in molten gold"


class Speaking(PassThrough):
    """A backend that reads its prompts."""

    log: Callable[[str], None]
    understood = UNDERSTOOD


def test_what_was_understood_is_reported_and_what_was_not_comes_as_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend = Speaking(Size(64, 64))

    def make(*given: Any) -> Speaking:
        backend.log = given[5]
        backend.log("loading")
        return backend

    monkeypatch.setattr("vj.app.model_loader.make_backend", make)
    messages: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(PATIENCE)
        osc = {"listen": "127.0.0.1:0", "reply": f"127.0.0.1:{listener.getsockname()[1]}"}
        show = check_show(
            {"model": "none", "size": "64x64", "sinks": [], "osc": osc, "page": "off"}, "a test"
        )
        performance = Performance(show, messages.append)
        performance.start()
        try:
            assert performance.servers.osc is not None
            SimpleUDPClient(*performance.servers.osc.address).send_message(
                "/vj/prompt", "a cat in space"
            )
            until(lambda: performance.loop.pipeline.backend is backend, lambda: messages)
            backend.log("“a cat in space” names nothing")
            received: dict[str, list[Any]] = {}
            while "/vj/error" not in received or received.get("/vj/status/understood") != [
                UNDERSTOOD
            ]:
                message = OscMessage(listener.recv(65536))
                received[message.address] = message.params
            assert received["/vj/error"] == ["“a cat in space” names nothing"]
            assert "“a cat in space” names nothing" in messages, "and in the terminal"
            assert performance.report.status().understood == UNDERSTOOD
            until(lambda: performance.run_state.text == "playing")
            backend.log("“a dog” names nothing")
            assert performance.run_state.text == "playing", "a remark is no state of the show"
        finally:
            performance.stop()


def test_what_is_collected_is_a_status_before_the_show_starts_too() -> None:
    show = check_show({"show": "dusk", "model": "none", "size": "64x64", "sinks": []}, "a test")
    performance = Performance(show, lambda text: None)
    status = performance.report.status()
    assert (status.show, status.state, status.size) == ("dusk", "starting", "64x64")
    assert status.understood == "", "without a model no prompt is understood"
    summary = performance.report.summary()
    assert (summary["show"], summary["painted"], summary["osc"]) == ("dusk", 0, {})
    assert json.loads(json.dumps([status.as_dict(), summary]))


STATUS = Status(fps=24.5, sinks=("ndi:vj", "preview"), latency_ms=(20, 31), cue="storm")


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        ("fps", [24.5]),
        ("sinks 1", ["preview"]),
        ("sinks 9", [""]),
        ("width", [320]),
        ("frames", [99]),
        ("delta", [0.25]),
        ("local_streaming", ["local_streaming"]),
        (1.0, [1.0]),
        ("json", [json.dumps(STATUS.as_dict())]),
    ],
)
def test_what_old_patches_expect_is_answered(what: str | float, answer: list[Any]) -> None:
    values = {"frames": 99, "width": 320, "delta": 0.25}
    assert osc_status(STATUS, {"/old": what}, values)["/old"] == answer


def test_the_status_is_sent_as_osc_arguments() -> None:
    sent = osc_status(STATUS, {"/beat": "now"}, {})
    assert sent["latency_ms"] == [20.0, 31.0]
    assert sent["sinks"] == ["ndi:vj", "preview"]
    assert sent["cue"] == ["storm"]
    assert "/beat" not in sent, "what is answered at once is not part of the status"


def test_it_says_that_it_flies() -> None:
    """The input is let go, which a performer has to know who sees nothing of it."""
    for flies in (False, True):
        assert osc_status(Status(journey=flies), {}, {})["journey"] == [int(flies)]


def test_it_says_whether_the_picked_subject_is_tracked(play_show: PlayShow, tmp_path: Path) -> None:
    path = tmp_path / "picked.yaml"
    path.write_text(
        "show: picked\nsource: drawn:dancer\nmodel: none\nsize: 64x64\nsinks: []\n"
        "osc: 127.0.0.1:0\npage: off\nmidi: off\nstart: {mask/mode: subject}\n"
    )
    show = play_show(path)
    status = show.performance.report.status
    show.until(lambda: status().state == "playing")
    assert status().subject == ""
    show.performance.store.set("subject/pick", True)
    show.until(lambda: status().subject == "tracked")
