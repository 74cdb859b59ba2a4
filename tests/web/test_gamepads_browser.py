"""Gamepads and held keys of a page, in a real Chromium; the browser's list of pads is the test's
own, since no machine that tests has one plugged in."""

from __future__ import annotations

import pytest

from tests.web.conftest import NewPage
from tests.web.page_show import Hand, PageShow

SHOW = """\
show: Pads
model: none
source: testcard
size: 64x64
fps: 30
sinks: []
midi: off
mappings:
  - {pad: axis 0, to: feedback/rotate, range: [-10, 10]}
  - {pad: button 3, to: output/freeze, as: momentary}
  - {key: c, to: picture/saturation, as: momentary, range: [0.5, 2]}
"""
PADS = """(() => {
  window.axes = [0, 0]; window.pressed = 0; window.there = true;
  const pad = () => ({id: "Test Pad (STANDARD GAMEPAD Vendor: 0000)", index: 1, connected: true,
    axes: window.axes, buttons: [0, 0, 0, window.pressed].map(value => ({value}))});
  navigator.getGamepads = () => window.there ? [null, pad()] : [null, null];
  window.dispatchEvent(new Event("gamepadconnected"));
})()"""

pytestmark = pytest.mark.long


def test_a_pad_of_the_page_plays_and_lets_go_when_it_is_unplugged(
    show: PageShow, new_page: NewPage
) -> None:
    page = Hand(new_page(), show).page
    page.evaluate(PADS)
    page.evaluate("window.axes = [1, 0]")
    show.until_set("feedback/rotate", 10)
    page.evaluate("window.pressed = 1")
    show.until_set("output/freeze", True)
    assert show.values()["feedback/rotate"] == pytest.approx(10), "the stick is where it was"
    page.evaluate("window.there = false")
    show.until_set("output/freeze", False)
    show.until_set("feedback/rotate", 0)
    assert show.values()["picture/saturation"] == 1, "nothing else has moved"


def test_a_mapped_key_is_down_until_it_is_lifted_or_the_page_is_left(
    show: PageShow, new_page: NewPage
) -> None:
    page = Hand(new_page(), show).page
    key = (
        "document.dispatchEvent(new KeyboardEvent('{}', {{key: 'c', code: 'KeyC', bubbles: true}}))"
    )
    for leave in (key.format("keyup"), "window.dispatchEvent(new Event('blur'))"):
        page.evaluate(key.format("keydown"))
        show.until_set("picture/saturation", 2)
        page.evaluate(leave)
        show.until_set("picture/saturation", 0.5)
        assert show.values()["output/freeze"] is False, "nothing else has moved"
