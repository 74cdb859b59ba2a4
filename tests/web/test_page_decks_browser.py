"""The page's tab "decks" in a real Chromium with a real show, and a pad that starts a source."""

from __future__ import annotations

import pytest

from tests.browser import STAGES
from tests.waiting import until
from tests.web.conftest import NewPage
from tests.web.page_show import Hand, PageShow

SHOW = """\
show: Two decks
model: none
source: drawn:kiss
sources: {kiss: drawn:kiss, road: drawn:drive}
size: 128x96
fps: 30
sinks: []
midi: off
page: {pads: [{source: road, name: drive on}], faders: [deck/mix]}
start: {source/speed: 0}
"""
CHIP = "[...document.querySelectorAll('.t-decks [aria-label=\"Deck {}\"] .t-chip')]"


def test_clips_are_started_scrubbed_and_faded(show: PageShow, new_page: NewPage) -> None:
    hand = Hand(new_page(STAGES["phone"], touch=True), show)
    page = hand.page
    pad = ".pad[aria-label='source drive on']"
    page.until("selector => !!document.querySelector(selector)", pad)
    page.evaluate("selector => document.querySelector(selector).click()", pad)
    show.until_set("source", "road")
    page.until(f"document.querySelector(\"{pad}\").getAttribute('aria-pressed') === 'true'")

    hand.open_tab("decks")
    for deck, name, row in (("A", "kiss", "source"), ("B", "road", "deck/b")):
        chips = CHIP.format(deck)
        page.until(f"{chips}.length > 1")
        page.evaluate(f"{chips}.find(one => one.textContent === '{name}').click()")
        show.until_set(row, name)
        pressed = f"{chips}.filter(one => one.getAttribute('aria-pressed') === 'true')"
        page.until(f"{pressed}.map(one => one.textContent).join() === '{name}'")

    track = '[data-name="source/position"]'
    page.until(f"document.querySelector('{track}').getAttribute('aria-valuenow') !== null")
    page.evaluate(f"document.querySelector('{track}').scrollIntoView()")
    x, y, width, height = page.box(track)
    page.drag([(x + 10, y + height / 2), (x + width * 0.7, y + height / 2)])
    show.until_set("source/position", 0.7, near=0.03)
    page.until(f"Math.abs(document.querySelector('{track}').ariaValueNow - 0.7) < 0.03")

    page.evaluate("document.querySelector('[aria-label=\"deck B alone\"]').click()")
    show.until_set("deck/mix", 1.0)
    page.evaluate(f"{CHIP.format('B')}.find(one => one.textContent === 'none').click()")
    show.until_set("deck/b", "")
    assert show.values()["source"] == "kiss", "deck A plays on"


@pytest.mark.long
def test_a_model_is_made_ready(show: PageShow, new_page: NewPage) -> None:
    hand = Hand(new_page(STAGES["phone"], touch=True), show)
    hand.open_tab("decks")
    button = "document.querySelector('[aria-label=\"make drawn ready\"]')"
    hand.page.until(f"!!{button}")
    hand.page.evaluate(f"{button}.click()")
    until(lambda: "drawn is ready" in show.text, lambda: show.text)
    hand.page.until(f"!{button}")
    assert show.values()["model"] == "", "nothing else was chosen"
