"""A device is opened once, however many decks show it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from tests.waiting import PATIENCE, until
from vj.core.clock import WallClock
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.sources import Awaited, Source, SourceSettings
from vj.sources.shared import SharedDevices


class Stepped:
    """A device that gives a picture when the test says so."""

    live = True

    def __init__(self) -> None:
        self.opens = self.closes = self.given = 0
        self.absent: Exception | None = None
        self.lost: Exception | None = None
        self.steps = threading.Semaphore(0)
        self.reading = 0
        self.readers = set[int]()

    def open(self) -> None:
        self.opens += 1
        if self.absent is not None:
            raise self.absent

    def read(self) -> Frame | None:
        self.readers.add(threading.get_ident())
        self.reading += 1
        assert self.reading == 1, "one user at a time"
        try:
            if not self.steps.acquire(timeout=PATIENCE):
                return None
            if self.lost is not None:
                raise self.lost
            self.given += 1
            return Frame(np.full((4, 4, 3), self.given, np.uint8), self.given, 0.0)
        finally:
            self.reading -= 1

    def close(self) -> None:
        self.closes += 1


SETTINGS = SourceSettings(WallClock())


def two_users(device: Stepped) -> tuple[Source, Source]:
    devices = SharedDevices(lambda uri, settings: device)
    return devices.make("camera:0", SETTINGS), devices.make("camera:0", SETTINGS)


def test_two_users_see_every_picture_of_a_device_that_is_opened_once() -> None:
    device = Stepped()
    users = two_users(device)
    for user in users:
        user.open()
    assert device.opens == 1
    seen: list[list[int]] = [[], []]

    def watch(place: int) -> None:
        while len(seen[place]) < 20:
            frame = users[place].read()
            if frame is not None:
                seen[place].append(frame.number)

    def all_have(number: int) -> bool:
        return all(one[-1:] == [number] for one in seen)

    with ThreadPoolExecutor(2) as threads:
        watching = [threads.submit(watch, place) for place in (0, 1)]
        for number in range(1, 21):
            device.steps.release()
            until(partial(all_have, number))
        for one in watching:
            one.result(PATIENCE)
    assert seen == [list(range(1, 21))] * 2
    users[0].close()
    users[0].close()
    assert device.closes == 0, "the other one still looks"
    users[1].close()
    assert device.closes == 1


def test_one_that_is_lost_is_lost_for_all_and_opened_again_once() -> None:
    device = Stepped()
    first, second = two_users(device)
    first.open()
    second.open()
    device.lost = Fault("camera:0: unplugged")
    device.steps.release()
    with pytest.raises(Fault, match="unplugged"):
        first.read()
    with pytest.raises(Fault, match="camera:0 was lost"):
        second.read()
    device.absent = Awaited("camera:0: not plugged in")
    for user in (first, second):
        user.close()
        with pytest.raises(Awaited):
            user.open()
    device.lost = device.absent = None
    opens = device.opens
    for user in (first, second):
        user.close()
        user.open()
    assert device.opens == opens + 1
    device.steps.release()
    assert first.read() is not None
    assert second.read() is not None


def test_what_is_no_device_is_made_for_each() -> None:
    devices = SharedDevices()
    one, other = (devices.make("testcard", SETTINGS) for _ in range(2))
    assert one is not other
