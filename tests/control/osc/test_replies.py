"""What is reported of a value that was clamped, and of what was not understood: to its sender, and
once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import ClientSession
from pythonosc.osc_message import OscMessage

from tests.control.harness import ControlHarness
from tests.control.osc.test_dispatch import RecordingSender
from tests.fetched import nothing_fetched
from vj.control.osc.dispatch import Dispatcher
from vj.control.osc.packet import Message, Unpacked, pack
from vj.control.replies import KNOWN, REMARKS_A_SECOND, Notices
from vj.parameters.store import Store
from vj.show.load import check_show
from vj.web.server import WebServer


class TimedDispatcher:
    """A dispatcher with a clock that the test turns."""

    def __init__(self) -> None:
        self.now = 100.0
        self.messages: list[str] = []
        self.store = Store()
        self.dispatcher = Dispatcher(self.store, self.messages.append, steady=lambda: self.now)

    def push(self, sender: Any, value: float, address: str = "/vj/strength") -> None:
        self.dispatcher.dispatch_packet(Unpacked([Message(address, (value,))], []), sender)


def test_a_fader_that_is_pushed_on_beyond_its_end_is_reported_once() -> None:
    timed, sender = TimedDispatcher(), RecordingSender()
    for step in range(600):
        timed.now = 100 + step / 60
        timed.push(sender, 1.01 + step / 600)
    assert sender.errors == ["/vj/strength: 1.01 is above 1 (0 .. 1); the nearest is set"]
    assert timed.messages == [f"OSC from {sender.name}: {sender.errors[0]}"]
    assert timed.store.get("strength") == 1


def test_one_that_came_back_is_reported_again_but_not_for_trembling() -> None:
    timed, sender = TimedDispatcher(), RecordingSender()
    for step in range(120):  # two seconds at its very end
        timed.now = 100 + step / 60
        timed.push(sender, 1.02 if step % 2 else 0.98)
    assert len(sender.errors) == 2
    timed.now += 1.5
    timed.push(sender, 0.4)
    timed.push(sender, 1.3)
    assert len(sender.errors) == 3
    timed.now += 3
    timed.push(sender, 1.3)
    assert len(sender.errors) == 4, "let go and pushed anew"


def test_a_pattern_that_goes_beyond_some_ends_is_reported_too() -> None:
    timed, sender = TimedDispatcher(), RecordingSender()
    for value in (0.4, 1.7, 1.8):
        timed.push(sender, value, "/vj/mix/w*")
    assert sender.errors == ["/vj/mix/w*: mix/wet: 1.7 is above 1 (0 .. 1); the nearest is set"]


def test_each_sender_and_each_fader_is_reported_by_itself() -> None:
    timed, left, right = TimedDispatcher(), RecordingSender(), RecordingSender("10.0.0.8")
    for address in ("/vj/strength", "/vj/mix/wet", "/vj/strength"):
        timed.push(left, 3.0, address)
    timed.push(right, 3.0)
    assert [error.split(":")[0] for error in left.errors] == ["/vj/strength", "/vj/mix/wet"]
    assert len(right.errors) == 1
    for number in range(3 * KNOWN):
        timed.push(RecordingSender(f"10.1.{number // 250}.{number % 250}"), 3.0)
    assert len(timed.dispatcher.error_replies._clamped) <= KNOWN


def test_whoever_reads_the_answers_anyway_is_reported_each_time() -> None:
    timed, page = TimedDispatcher(), RecordingSender()
    page.name = ""
    for _ in range(5):
        timed.push(page, 1.5)
    assert len(page.errors) == 5
    assert timed.messages == []


@pytest.mark.parametrize("quantise", [None, "beat"])
def test_a_mapped_control_that_goes_beyond_is_reported_once(quantise: str | None) -> None:
    rule: dict[str, object] = {"midi": "cc 7", "to": "steps", "as": "raw"}
    controls = ControlHarness(
        mappings=[rule | ({"quantise": quantise} if quantise else {})], tempo=300
    )
    for raw in (2, 9, 30, 90, 127, 3, 50):
        controls.midi("cc 7", raw)
        controls.play(0.25)
    assert controls.messages == [
        f"midi cc 7: steps: {raw} is above 4 (1 .. 4); the nearest is set" for raw in (9, 50)
    ]


def test_what_moves_by_itself_is_clamped_in_silence() -> None:
    controls = ControlHarness(
        modulators=[{"lfo": "sine", "rate": "0.5 s", "to": "mix/wet", "depth": 3}]
    )
    assert {round(frame["mix/wet"], 3) for frame in controls.play(2)} >= {0.0, 1.0}
    assert controls.messages == []


def test_the_same_remark_is_not_made_again_while_it_keeps_coming() -> None:
    now = [0.0]
    messages: list[str] = []
    report: list[str] = []
    remark = Notices(messages.append, report.append, lambda: now[0])
    for step in range(300):
        now[0] = step / 60
        remark("“zzz” names nothing")
    assert messages == report == ["“zzz” names nothing"]
    now[0] += 3
    remark("“zzz” names nothing")
    assert len(messages) == 2


def test_of_many_remarks_a_few_a_second_are_logged_and_the_rest_is_counted() -> None:
    now = [0.0]
    messages: list[str] = []
    report: list[str] = []
    remark = Notices(messages.append, report.append, lambda: now[0])
    for number in range(1000):
        remark(f"“{number}” names nothing")
    assert len(messages) == len(report) == REMARKS_A_SECOND
    now[0] = 1.5
    remark("“sea” names nothing")
    assert messages[-1] == f"“sea” names nothing (and {1000 - REMARKS_A_SECOND} more remarks)"
    assert report[-1] == "“sea” names nothing"


def test_a_remark_reaches_who_speaks_over_a_websocket() -> None:
    page = WebServer(Store(), ("127.0.0.1", 0), status=dict)
    page.start()

    async def report() -> OscMessage:
        async with ClientSession() as session, session.ws_connect(page.url) as ws:
            await ws.send_bytes(pack("/vj/prompt", ["zzz"]))
            while page._store.get("prompt/a") != "zzz":
                await asyncio.sleep(0.005)
            await asyncio.get_running_loop().run_in_executor(
                None, page.query.remark, "“zzz” names nothing"
            )
            return OscMessage((await asyncio.wait_for(ws.receive(), 60)).data)

    try:
        message = asyncio.run(report())
    finally:
        page.stop()
    assert (message.address, message.params) == ("/vj/error", ["“zzz” names nothing"])


@pytest.mark.parametrize(
    ("name", "before", "value"),
    [("mask/mode", "luma", "person"), ("lines/from", "drawn", "face")],
)
def test_networks_that_are_not_installed_are_reported_where_they_were_asked_for(
    monkeypatch: pytest.MonkeyPatch, name: str, before: str, value: str
) -> None:
    from vj.app.live import Performance

    nothing_fetched(monkeypatch)
    messages: list[str] = []
    performance = Performance(
        check_show({"source": "testcard", "model": "none", "sinks": [], "midi": "off"}, "test"),
        messages.append,
    )
    try:
        performance.store.set(name, before)
        performance.store.set(name, value)
        (said,) = [line for line in messages if "is not installed" in line]
        assert said.startswith(f"{name} {value}: is not installed: python3 launch.py add person;")
    finally:
        performance.stop()
