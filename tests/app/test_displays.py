"""The displays of a show as a page and OSC set them up. What they then show: tests/sinks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from tests.app.test_page_actions import data_url
from tests.waiting import until
from vj.app.displays import Displays
from vj.core.clock import WallClock
from vj.core.errors import Fault
from vj.core.supervisor import Supervisor
from vj.parameters.store import Store
from vj.sinks import SinkSettings
from vj.sinks.display import DisplaySink


@pytest.fixture
def sinks() -> list[DisplaySink]:
    """Two, not opened: no window is needed to set them up."""
    return [DisplaySink(rest, SinkSettings(WallClock())) for rest in ("2", "BenQ")]


@pytest.fixture
def store() -> Store:
    return Store({})


@pytest.fixture
def displays(
    sinks: list[DisplaySink], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Displays]:
    monkeypatch.chdir(tmp_path)
    context: Any = SimpleNamespace(store=store, supervisor=Supervisor(print))
    made = Displays(context, lambda: sinks)
    yield made
    made.close()


def test_a_page_is_told_the_displays_and_sets_up_one(displays: Displays) -> None:
    listed = displays.listed({})["displays"]
    assert [one["uri"] for one in listed] == ["display:2", "display:BenQ"]
    reply = displays.change({"display": "display:BenQ", "rotate": 90, "flip": "both"})
    assert reply["display"]["setup"]["rotate"] == 90
    setups = [one["setup"]["flip"] for one in displays.listed({})["displays"]]
    assert setups == ["none", "both"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"display": "display:3"}, "there are: display:2, display:BenQ"),
        ({"rotate": 90}, "there is no such one"),
        ({"display": "display:2", "rotate": 45}, "one of 0, 90, 180, 270"),
        ({"display": "display:2", "image": "stage.png"}, "data URL"),
    ],
)
def test_what_cannot_be_is_refused(displays: Displays, asked: dict[str, Any], words: str) -> None:
    before = displays.listed({})
    with pytest.raises(Fault) as caught:
        displays.change(asked)
    assert words in str(caught.value)
    assert displays.listed({}) == before


def test_a_mask_from_a_page_is_kept_and_another_has_another_name(displays: Displays) -> None:
    """The same name would be taken for the same mask."""
    names = []
    for value in (0, 200):
        mask = np.full((8, 16, 3), value, np.uint8)
        mask[:, 8:] = 255
        reply = displays.change({"display": "display:2", "image": data_url(mask)})
        names.append(reply["display"]["setup"]["mask"])
        kept = cv2.imread(names[-1], cv2.IMREAD_UNCHANGED)
        assert np.array_equal(kept, mask[..., 0])
    assert names[0] != names[1]


def test_the_test_pattern_is_on_all_of_them(
    displays: Displays, sinks: list[DisplaySink], store: Store
) -> None:
    store.set("display/pattern", True)
    until(lambda: all(one.describe()["pattern"] for one in sinks))
    displays.change({"display": "display:2", "pattern": False})
    assert [one.describe()["pattern"] for one in sinks] == [False, True]
    store.set("display/pattern", False)
    until(lambda: not any(one.describe()["pattern"] for one in sinks))


def test_a_show_may_start_with_it(sinks: list[DisplaySink]) -> None:
    context: Any = SimpleNamespace(
        store=Store({"display/pattern": True}), supervisor=Supervisor(print)
    )
    displays = Displays(context, lambda: sinks)
    displays.start()
    until(lambda: all(one.describe()["pattern"] for one in sinks))
    displays.close()
    assert sinks, "there were some"
