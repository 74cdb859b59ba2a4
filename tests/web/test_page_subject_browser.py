"""A click on the page's picture picks the subject that is tracked, in a real Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser import STAGES
from tests.waiting import until
from tests.web.conftest import NewPage
from tests.web.page_show import Hand, PageShow

SUBJECT = """\
show: Picked
model: none
source: "drawn:puppet"
size: 160x96
sinks: []
midi: off
page: {faders: [strength, mix/wet]}
start: {mask/mode: subject, background/source: black}
"""


@pytest.mark.long
@pytest.mark.parametrize("stage", ["desk", "phone"])
def test_a_click_on_the_picture_picks_what_is_there(
    stage: str, tmp_path: Path, new_page: NewPage
) -> None:
    show = PageShow(tmp_path, SUBJECT)
    try:
        hand = Hand(new_page(STAGES[stage], touch=stage == "phone"), show)
        hand.page.until("document.querySelector('.views.picks') !== null")
        left, top, width, height = hand.page.box(".view canvas")
        wide, tall = min(width, height * 160 / 96), min(height, width * 96 / 160)
        assert show.values()["subject/pick"] == 0
        place = (left + width / 2 - 0.2 * wide, top + height / 2 + 0.1 * tall)
        press = hand.page.tap if stage == "phone" else hand.page.click
        press(place)
        until(lambda: show.values()["subject/pick"] == 1, lambda: show.values())
        assert abs(show.values()["subject/x"] - 0.3) < 0.02
        assert abs(show.values()["subject/y"] - 0.6) < 0.02
        assert hand.page.evaluate("document.querySelector('.picture').dataset.view") == "output"
        hand.page.expect("WebSocket connection")  # of the next view, when the show ends at once
        show.set("mask/mode", "none")
        hand.page.until("document.querySelector('.views.picks') === null")
        press(place)
        hand.page.until("document.querySelector('.picture').dataset.view !== 'output'")
        assert show.values()["subject/pick"] == 1, "a click shows another view again"
    finally:
        show.close()
