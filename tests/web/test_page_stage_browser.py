"""What the stage does besides faders: fine movements, the menu of a long press, panic, prompts on
pads, views, words. In a real Chromium with a real show."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import STAGES
from tests.waiting import until
from tests.web.conftest import NewPage
from tests.web.page_show import Hand, PageShow

SHOW = """\
show: Mine
model: none
source: testcard
size: 128x128
fps: 30
sinks: []
midi: off
start: {prompt/a: gold, mix/wet: 0.5, feedback/amount: 0.5}
mappings:
  - {key: f, to: output/freeze, as: toggle}
page:
  faders: [mix/wet, feedback/amount, picture/hue, feedback/x, noise/hold, blend/smoothing,
    picture/contrast, picture/saturation]
  xy: [feedback/x, feedback/y]
  pads: [calm, {name: sea, prompt: "ocean, night"}]
cues:
  - {name: calm, set: {picture/saturation: 1}}
"""
PHONE = STAGES["phone"]


@pytest.fixture(scope="module")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageShow]:
    show = PageShow(tmp_path_factory.mktemp("stage"), SHOW)
    yield show
    show.close()


@pytest.fixture
def show(playing: PageShow) -> PageShow:
    playing.set("panic", True)
    playing.until_set("mix/wet", 0.5)
    return playing


@pytest.fixture
def phone(show: PageShow, new_page: NewPage) -> Hand:
    return Hand(new_page(PHONE, touch=True), show)


def test_a_finger_that_moves_away_sideways_moves_finer(phone: Hand) -> None:
    x, y = phone.page.centre(phone.fader("mix/wet"))
    away = x + 220
    phone.page.drag([(x, y), (x + 12, y), (away, y), (away, y - 60)], steps=6)
    moved = 60 / phone.track("mix/wet")
    until(lambda: phone.show.values()["mix/wet"] > 0.5, lambda: "it has not moved")
    phone.page.until("document.querySelectorAll('.held').length === 0")
    assert phone.show.values()["mix/wet"] - 0.5 < moved / 2


@pytest.mark.long
def test_a_long_press_opens_a_menu_that_types_and_locks(phone: Hand) -> None:
    page, (x, y) = phone.page, phone.page.centre(phone.fader("mix/wet"))
    page.touch_start((x, y))
    page.until("document.querySelector('.menu') !== null")
    page.touch_end()
    page.evaluate("document.querySelector('.menu input').value = '0,25'")
    page.tap(".menu .typed button")
    phone.show.until_set("mix/wet", 0.25)

    page.touch_start((x, y))
    page.until("document.querySelector('.menu') !== null")
    page.touch_end()
    page.evaluate(
        "[...document.querySelectorAll('.menu button')].find(b => /lock/.test(b.innerText)).click()"
    )
    page.until(f"document.querySelector('{phone.fader('mix/wet')}').classList.contains('locked')")
    page.drag(phone.up("mix/wet", 60))
    page.drag(phone.up("feedback/amount", 30))
    until(lambda: phone.show.values()["feedback/amount"] > 0.5, lambda: "the other one sticks too")
    assert phone.show.values()["mix/wet"] == 0.25


def test_panic_is_held_and_can_be_undone(phone: Hand) -> None:
    phone.show.set("mix/wet", 0.9)
    phone.show.set("prompt/a", "ink")
    page, panic = phone.page, phone.page.centre(".panic")
    page.until(f"+document.querySelector('{phone.fader('mix/wet')}').ariaValueNow === 0.9")
    page.tap(panic)
    page.until("/hold panic/.test(document.querySelector('.said').textContent)")
    assert phone.show.values()["mix/wet"] == 0.9

    page.touch_start(panic)
    phone.show.until_set("mix/wet", 0.5)
    page.touch_end()
    phone.show.until_set("prompt/a", "gold")
    page.until(f"+document.querySelector('{phone.fader('mix/wet')}').ariaValueNow === 0.5")
    page.tap('[data-do="undo"]')
    phone.show.until_set("mix/wet", 0.9)
    phone.show.until_set("prompt/a", "ink")


def test_a_pad_holds_a_prompt_for_the_side_that_is_heard(phone: Hand) -> None:
    page = phone.page
    page.until("document.querySelectorAll('.pad').length === 2")
    page.tap('.pad[aria-label="prompt sea"]')
    phone.show.until_set("prompt/a", "ocean, night")
    page.until("document.querySelector('.pad.prompted').classList.contains('standing')")
    phone.show.set("prompt/mix", 0.9)
    page.until("!document.querySelector('.pad.prompted').classList.contains('standing')")

    def held() -> bool:
        page.tap('.pad[aria-label="prompt sea"]')  # on a busy machine one may be lost
        return bool(phone.show.values()["prompt/b"] == "ocean, night")

    until(held)
    assert phone.show.values()["prompt/mix"] == 0.9, "the mix stays where it is heard"


def test_the_pad_moves_two_numbers_relatively(phone: Hand) -> None:
    page = phone.page
    phone.open_tab("xy")
    x, y, width, height = page.box(".xy")
    page.tap((x + width * 0.9, y + height * 0.9))
    page.drag([(x + 60, y + 60), (x + 60, y + 72), (x + 60 + width / 5, y + 72 + height / 5)])
    until(lambda: phone.show.values()["feedback/x"] > 0.05, lambda: "x has not moved")
    until(lambda: phone.show.values()["feedback/y"] < -0.05, lambda: "y has not moved")
    values = phone.show.values()
    assert values["feedback/x"] == pytest.approx(0.1, abs=0.03)
    assert values["feedback/y"] == pytest.approx(-0.1, abs=0.03)


def test_a_tap_on_the_picture_shows_another_view_and_two_fill_the_screen(phone: Hand) -> None:
    page = phone.page
    page.until("document.querySelector('.picture').dataset.view === 'output'")
    page.tap(".views")
    page.until("document.querySelector('.picture').dataset.view === 'input'")
    page.tap(".views")
    page.until("document.querySelectorAll('.view canvas').length === 2")
    page.tap(".views", times=2)
    filled = "document.fullscreenElement !== null || document.body.matches('.picture-only')"
    page.until(filled)
    page.tap(".corner button:last-child")
    page.until(f"!({filled})")
    canvases = "document.querySelectorAll('.view canvas').length"
    assert page.evaluate(canvases) == 2, "what filled the screen is what was seen before"


def test_wheel_and_keys_move_a_fader_and_the_show_has_its_own_keys_first(
    show: PageShow, new_page: NewPage
) -> None:
    hand = Hand(new_page(STAGES["desk"]), show)
    page, at = hand.page, hand.page.centre(hand.fader("mix/wet"))
    page.mouse("Wheel", at, 0, deltaX=0, deltaY=-100)
    show.until_set("mix/wet", 0.52)
    page.evaluate(f"document.querySelector('{hand.fader('mix/wet')}').focus()")
    page.key("ArrowDown", modifiers=8)
    show.until_set("mix/wet", 0.519)
    page.key("End")
    show.until_set("mix/wet", 1.0)
    page.evaluate("document.activeElement.blur()")
    page.key("f")
    show.until_set("output/freeze", True)
    assert page.evaluate("document.fullscreenElement === null"), "the page's own F is not played"
    page.key("f")
    show.until_set("output/freeze", False)


def test_a_cue_is_fired_by_keys_on_its_pad_too(show: PageShow, new_page: NewPage) -> None:
    show.set("picture/saturation", 0.3)
    page = Hand(new_page(STAGES["desk"]), show).page
    page.evaluate("document.querySelector('[data-cue=calm]').focus()")
    page.key("Enter")
    show.until_set("picture/saturation", 1.0)
    page.until("document.querySelector('[data-cue=calm]').ariaPressed === 'true'")
    assert show.values()["output/freeze"] is False, "Enter is no other key of the show"


def test_a_prompt_is_sent_with_enter_and_kept_for_next_time(phone: Hand) -> None:
    page = phone.page
    phone.open_tab("words")
    page.until("document.querySelector('#page-words textarea')?.value === 'gold'")
    page.evaluate("document.querySelector('#page-words textarea').select()")
    page.evaluate("document.querySelector('#page-words textarea').focus()")
    page.type_text("rain on glass")
    assert phone.show.values()["prompt/a"] == "gold"
    page.key("Enter")
    phone.show.until_set("prompt/a", "rain on glass")
    page.until("/rain on glass/.test(document.querySelector('.history').textContent)")
    page.tap('[data-do="undo"]')
    phone.show.until_set("prompt/a", "gold")
