"""HID pedals: the bytes and bits of their reports. hidapi is pretended, since no machine that tests
has such a pedal; what it gives is as of hidapi 0.15."""

from __future__ import annotations

from typing import Any

import pytest

from tests.waiting import until
from vj.control.hid_devices import HidDevices, Reports
from vj.control.learning import LearnListener
from vj.core.supervisor import Supervisor
from vj.parameters.table import TABLE
from vj.show.midi_controls import Control

PEDAL = {
    "path": b"1",
    "vendor_id": 0x05F3,
    "product_id": 0x00FF,
    "product_string": "VEC Footpedal",
    "usage_page": 0x0C,
    "usage": 3,
}
KEYBOARD = {**PEDAL, "path": b"2", "product_string": "Keyboard", "usage_page": 1, "usage": 6}


class Hid:
    """hidapi with devices that the test plugs in. reports: what comes of each path."""

    def __init__(self) -> None:
        self.there: list[dict[str, Any]] = []
        self.reports: dict[bytes, list[list[int]]] = {}
        self.closed: list[bytes] = []
        self.refuses = False

    def enumerate(self) -> list[dict[str, Any]]:
        return list(self.there)

    def device(self) -> Any:
        hid = self

        class Device:
            path = b""

            def open_path(self, path: bytes) -> None:
                if hid.refuses:
                    raise OSError("open failed")
                self.path = path

            def set_nonblocking(self, on: int) -> None: ...

            def read(self, length: int) -> list[int]:
                if not any(one["path"] == self.path for one in hid.there):
                    raise OSError("read error")
                waiting = hid.reports.get(self.path, [])
                return waiting.pop(0) if waiting else []

            def close(self) -> None:
                hid.closed.append(self.path)

        return Device()


def test_a_pressed_switch_is_a_bit_and_a_pedal_that_moves_is_a_byte() -> None:
    moved: list[tuple[str, float]] = []
    reports = Reports(
        "VEC",
        lambda control, value, device: moved.append((str(control), value)),
        lambda control, value, device: None,
    )
    reports.take([0, 2])
    reports.take([0, 0])
    assert moved == [("byte 1", 2), ("bit 9", 1), ("byte 1", 0), ("bit 9", 0)]
    moved.clear()
    reports.take([255, 0, 0])
    reports.release()
    assert [value for control, value in moved if control == "byte 0"] == [255, 0]


@pytest.mark.parametrize(
    ("rows", "learned"),
    [
        ([[0, 1], [0, 0]], {"hid": "bit 8", "device": "VEC"}),
        ([[3, 0], [7, 0], [12, 0]], {"hid": "byte 0", "device": "VEC"}),
        ([[1, 0], [2, 0], [9, 0]], {"hid": "byte 0", "device": "VEC"}),
    ],
)
def test_what_moves_is_learned_for_what_it_is(rows: list[list[int]], learned: Any) -> None:
    listener = LearnListener(TABLE.find("strength"))
    reports = Reports("VEC", lambda control, value, device: None, listener.on_midi)
    for row in rows:
        reports.take(row)
    assert listener.found.get_nowait() == learned


def test_devices_come_and_go_while_it_plays() -> None:
    hid, messages = Hid(), []
    moved: list[tuple[str, float, str]] = []
    devices = HidDevices(
        lambda control, value, device: moved.append((str(control), value, device)),
        lambda control, value, device: None,
        messages.append,
        Supervisor(messages.append),
        hid,
    )
    devices.stop()  # its thread's looks are this test's own
    devices.want(["vec foot"], False)
    hid.there = [KEYBOARD, PEDAL]
    devices.look()
    hid.reports[b"1"] = [[1, 0]]
    devices.read()
    assert moved[-1] == ("bit 0", 1, "VEC Footpedal 05f3:00ff")
    hid.there = [KEYBOARD]
    devices.read()
    assert moved[-1] == ("bit 0", 0, "VEC Footpedal 05f3:00ff"), "it is let go"
    hid.there, hid.refuses = [PEDAL], True
    devices.look()
    devices.look()
    assert hid.closed == [b"1"]
    assert len(messages) == 3, "refused is said once"
    assert "udev rule" in messages[-1]
    hid.there = []
    devices.look()
    hid.there, hid.refuses = [PEDAL, KEYBOARD], False
    devices.want([], True)
    devices.look()
    assert messages[-1] == "hid VEC Footpedal 05f3:00ff", "keyboards play as keys"


def test_they_are_read_on_a_thread_of_their_own() -> None:
    hid = Hid()
    moved: list[tuple[Control, float]] = []
    hid.there, hid.reports = [PEDAL], {b"1": [[4]]}
    devices = HidDevices(
        lambda control, value, device: moved.append((control, value)),
        lambda control, value, device: None,
        lambda text: None,
        Supervisor(lambda text: None),
        hid,
    )
    devices.want(["05f3:00ff"], False)
    until(lambda: (Control("bit", 2), 1.0) in moved)
    devices.stop()  # which waits a second for its thread, not longer
    until(lambda: moved[-1] == (Control("bit", 2), 0.0))
    pedal = [value for control, value in moved if control == Control("bit", 2)]
    assert pedal == [1.0, 0.0], "pressed once, and let go at the end"
