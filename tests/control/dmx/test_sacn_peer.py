"""The library `sacn` as another program: its own sender, on its own thread, is heard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.control.dmx.desks import Made, Wire
from tests.waiting import until

sacn = pytest.importorskip("sacn", reason="sacn is not installed: launch.py add sacn")


@pytest.fixture
def sender(wire: Made, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Wire, object]]:
    """A receiver, and the library's sender, sending to its port in place of 5568."""
    heard = wire("1/3", "1/510")
    port = heard.receiver.addresses["sacn"][1]
    monkeypatch.setattr("sacn.sending.sender_socket_udp.DEFAULT_PORT", port)
    made = sacn.sACNsender(bind_port=0, source_name="a desk", universeDiscovery=False)
    made.start()
    yield heard, made
    made.stop()


def test_the_librarys_sender_is_heard_and_its_end_is(sender: tuple[Wire, object]) -> None:
    heard, made = sender
    assert isinstance(made, sacn.sACNsender)
    made.activate_output(1)
    made[1].destination = "127.0.0.1"
    made[1].dmx_data = (0, 0, 77, *[0] * 506, 99)

    def turned() -> dict[str, float | None]:
        heard.receiver.turn(0.05)
        return dict(heard.moves)

    until(lambda: turned() == {"1/3": 77.0, "1/510": 99.0})
    assert heard.receiver.state == "universe 1: sACN from a desk (127.0.0.1)"
    made.deactivate_output(1)
    until(lambda: turned() and heard.receiver.state == "universe 1: the desk is lost")
    assert heard.log[-1].startswith("dmx universe 1: sACN from a desk (127.0.0.1) ended")
    assert heard.receiver.bad == 0
