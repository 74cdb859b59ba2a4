"""The page's tools in a real Chromium with a real show: timeline, learn mode, /out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import STAGES, Page
from tests.waiting import until
from tests.web.conftest import NewPage
from tests.web.page_show import Hand, PageShow

SHOW = """\
show: Timed
model: none
source: testcard
size: 128x96
output: 192x144
fps: 30
sinks: []
midi: off
start: {strength: 0.4}
cues:
  - {name: calm, set: {picture/saturation: 1}}
  - {name: grey, set: {picture/saturation: 0}}
timeline:
  - {at: 0:00, cue: calm}
  - {at: 1:00, cue: grey}
  - {at: 10:00, cue: calm}
"""
OUT = "document.getElementById('picture')"


def press(page: Page, selector: str) -> None:
    """Click a button. (A tap that takes long on a busy machine is a long press.)"""
    page.until("selector => !!document.querySelector(selector)", selector)
    page.evaluate("selector => document.querySelector(selector).click()", selector)


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageShow]:
    made = PageShow(tmp_path_factory.mktemp("timed"), SHOW)
    yield made
    made.close()


def test_the_timeline_is_sought_by_a_drag_and_not_by_a_touch(
    show: PageShow, new_page: NewPage
) -> None:
    hand = Hand(new_page(STAGES["phone"], touch=True), show)
    page = hand.page
    hand.open_tab("timeline")
    page.until("!!document.querySelector('.t-track')")
    x, y, width, height = page.box(".t-track")
    page.tap((x + width * 0.7, y + height / 2))
    page.drag([(x + 20, y + height / 2), (x + 26, y + height / 2 + 40)])  # scrolling, say
    assert show.values()["timeline/position"] == 0
    at = "Number(document.querySelector('.t-track').getAttribute('aria-valuenow'))"
    assert page.evaluate(at) < 60
    page.drag([(x + 20, y + height / 2), (x + 20 + width / 2, y + height / 2)])
    until(lambda: 295 < show.values()["timeline/position"] < 330)  # of 600 s
    show.until_set("picture/saturation", 0.0)  # what stands there, at once
    page.until(f"{at} > 290")
    page.until("document.querySelector('.t-entries .t-here').textContent.includes('grey')")
    press(page, "[aria-label='timeline: pause']")
    page.until("document.querySelector('[aria-label=\"timeline: pause\"]').ariaPressed === 'true'")
    press(page, "[aria-label='timeline: go to 0:00 calm']")
    show.until_set("picture/saturation", 1.0)
    press(page, "[aria-label='timeline: play']")
    page.until("document.querySelector('[aria-label=\"timeline: play\"]').ariaPressed === 'true'")


def test_learn_mode_picks_what_is_touched_and_moves_nothing(
    show: PageShow, new_page: NewPage
) -> None:
    hand = Hand(new_page(STAGES["phone"], touch=True), show)
    page = hand.page
    hand.open_tab("learn")
    page.until("!!document.querySelector('.t-mappings button')")
    press(page, ".t-mappings button[aria-pressed]")
    page.until("document.body.classList.contains('learning')")
    hand.open_tab("play")
    page.drag(hand.up("strength", hand.track("strength") / 4))
    page.tap(hand.fader("strength"))
    page.until("document.querySelector('.t-sheet')?.ariaLabel === 'Learn strength'")
    assert show.values()["strength"] == pytest.approx(0.4)
    press(page, ".t-sheet .t-close")
    page.until("!document.querySelector('.t-sheet')")
    page.drag(hand.up("strength", hand.track("strength") / 4))
    until(lambda: show.values()["strength"] > 0.5)  # the mode has ended with the pick


def test_out_is_the_sent_picture_alone_and_stays_when_vj_goes(
    show: PageShow, new_page: NewPage
) -> None:
    page = new_page(STAGES["desk"])
    page.open(show.url + "out?format=png")
    page.until(f"{OUT}.dataset.number > 0")
    assert page.evaluate(f"[{OUT}.width, {OUT}.height]") == [192, 144]  # as sent
    assert page.evaluate(f"getComputedStyle({OUT}).cursor") == "none"
    left, top, width, height = page.box("#picture")
    assert (left, top, width, height) == (0, 0, *STAGES["desk"])  # contained, black around
    page.key("f")
    page.until("!!document.fullscreenElement")
    page.click((700, 400))
    page.until("!document.fullscreenElement")
    show.close()
    last = page.evaluate(f"{OUT}.toDataURL()")
    again = PageShow(show.folder, SHOW, page_port=show.page_port)
    try:
        assert page.evaluate("document.body.textContent.trim()") == ""  # nothing is said over it
        page.until(f"{OUT}.toDataURL() !== {last!r}")
    finally:
        again.close()
        page.expect("Failed to load resource", "WebSocket connection")
