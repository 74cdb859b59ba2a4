"""The scenes of a show on the page, in a real Chromium."""

from __future__ import annotations

import pytest

from tests.web.conftest import NewPage
from tests.web.page_show import Hand, PageShow

SHOW = """\
show: Scenes
model: none
source: testcard
size: 64x64
fps: 30
sinks: []
midi: off
prompts: [a quiet sea, {prompt: a storm, set: {strength: 0.8}}, fire]
"""

pytestmark = pytest.mark.long


def test_scenes_stand_in_for_the_prompts_and_a_tap_goes_to_one(
    show: PageShow, new_page: NewPage
) -> None:
    hand = Hand(new_page(), show)
    page = hand.page
    hand.open_tab("words")
    page.until("document.querySelectorAll('.scene').length === 3")
    seen = "[...document.querySelectorAll('.scene')].map(one => one.textContent)"
    assert page.evaluate(seen) == ["a quiet sea", "a storm", "fire"]
    assert page.evaluate("document.querySelector('.words .mixing').hidden")
    page.evaluate("document.querySelectorAll('.scene')[1].click()")
    show.until_set("prompt/position", 0.5)
    page.until("document.querySelectorAll('.scene')[1].ariaPressed === 'true'")
    assert show.values()["strength"] == 0.5, "its hand's value; the scene comes on top"
    show.set("prompt/scenes", "ice | sand")
    page.until("document.querySelectorAll('.scene').length === 2")
    show.set("prompt/scenes", "")
    page.until("!document.querySelector('.words .mixing').hidden")
