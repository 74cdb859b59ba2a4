"""The page's tools in a real Chromium with a real show: timeline, learning, a pen, /out."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from tests.browser import STAGES, Page
from tests.waiting import until
from tests.web.conftest import NewPage
from tests.web.page_show import Hand, PageShow

SHOW = """\
show: Timed
model: none
source: ["draw:", testcard]
size: 128x96
output: 192x144
fps: 30
sinks: []
midi: off
page: {faders: [strength, feedback/amount]}
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


@pytest.mark.long
def test_the_timeline_is_sought_by_a_drag_and_not_by_a_touch(
    show: PageShow, new_page: NewPage
) -> None:
    hand = Hand(new_page(STAGES["phone"], touch=True), show)
    page = hand.page
    hand.open_tab("timeline")
    page.until("!!document.querySelector('.t-track')")
    x, y, width, height = page.box(".t-track")
    show.set("timeline/position", 0)  # a slow machine took its time so far
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


@pytest.mark.long
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


@pytest.mark.long
def test_a_controller_is_learned_ranged_and_taken_out_on_the_page(
    show: PageShow, new_page: NewPage
) -> None:
    hand = Hand(new_page(STAGES["phone"], touch=True), show)
    page = hand.page
    hand.open_tab("learn")
    page.until("document.querySelector('.t-list')?.textContent?.includes('Nothing is mapped')")
    press(page, ".t-mappings button[aria-pressed]")
    hand.open_tab("play")
    page.tap(hand.fader("feedback/amount"))
    page.until("!!document.querySelector('.t-incoming')")
    moved = itertools.count(1)  # a slow page needs more than a thousand

    def found() -> bool:
        show.send("/hand/knob", next(moved) % 10 / 10)
        return bool(page.evaluate("!!document.querySelector('.t-found')"))

    until(found, page.text)
    assert "/hand/knob" in show.file.read_text()
    press(page, ".t-sheet .t-main")
    hand.open_tab("learn")
    listed = "document.querySelector('.t-list').textContent"
    page.until(f"{listed}.includes('/hand/knob') && {listed}.includes('0 … 0.95')")
    press(page, "[aria-label='range of /hand/knob to feedback: amount']")
    page.until("!!document.querySelector('[aria-label=to]')")
    page.evaluate("document.querySelector('[aria-label=to]').value = 0.5")
    press(page, ".t-sheet:has([aria-label=to]) .t-main")  # the one before may still be closing
    page.until(f"{listed}.includes('0 … 0.5')")
    show.send("/hand/knob", 1.0)
    show.until_set("feedback/amount", 0.5)
    remove = "[aria-label$='remove /hand/knob to feedback: amount']"
    press(page, remove)
    page.until("selector => document.querySelector(selector).textContent === 'Really?'", remove)
    assert "/hand/knob" in show.file.read_text()  # the first tap only asks
    press(page, remove)
    page.until(f"{listed}.includes('Nothing is mapped')")
    assert "/hand/knob" not in show.file.read_text()


@pytest.mark.long
def test_a_pen_draws_with_its_pressure_and_the_palm_beside_it_does_not(
    show: PageShow, new_page: NewPage
) -> None:
    hand = Hand(new_page(STAGES["tablet"], touch=True), show)
    page = hand.page
    hand.open_tab("draw")
    page.until("document.querySelector('.t-paper')?.width === 128")
    press(page, "[aria-label='width: very broad']")
    x, y, width, height = page.box(".t-glass")

    def pen(kind: str, share: float, force: float) -> None:
        page.mouse(kind, (x + share * width, y + height / 2), pointerType="pen", force=force)

    page.touch_start((x + 0.5 * width, y + 0.9 * height))  # the hand lies down first
    page.touch_move((x + 0.6 * width, y + 0.9 * height))
    pen("Pressed", 0.1, 0.05)
    for step in range(1, 17):
        pen("Moved", 0.1 + step / 20, 0.05 if step < 8 else 1)
    page.mouse("Released", (x + 0.9 * width, y + height / 2), 0, pointerType="pen")
    page.touch_end()

    def ink() -> np.ndarray:
        body = np.frombuffer(show.get("picture.png?view=canvas"), np.uint8)
        picture = cv2.imdecode(body, cv2.IMREAD_GRAYSCALE)
        assert picture is not None
        dark: np.ndarray = picture < 128
        return dark

    until(lambda: ink()[48, 110], lambda: ink().sum())
    until(lambda: not ink()[80:].any(), lambda: ink().sum(1))
    thin, broad = ink()[:, 30].sum(), ink()[:, 100].sum()
    assert 1 <= thin < broad / 2
    page.until(
        "!document.querySelector('.t-glass').getContext('2d')"
        ".getImageData(0, 0, 2000, 2000).data.some(one => one)"
    )  # the ink is in the picture


@pytest.mark.long
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
