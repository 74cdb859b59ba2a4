"""The page in a real Chromium while its show changes: saved, ended and started again, played by
many, from another device."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import STAGES
from tests.waiting import until
from tests.web.conftest import NewPage
from tests.web.page_show import SHOW, Hand, PageShow
from vj.control.osc.network import lan_addresses

AWAY = "document.body.classList.contains('away')"
PIN = "274190"


@pytest.fixture
def shows() -> Iterator[list[PageShow]]:
    """Shows that the test started: none is left behind."""
    made: list[PageShow] = []
    yield made
    for show in made:
        show.close()


@pytest.mark.long
def test_a_saved_show_rebuilds_the_page_in_place(
    shows: list[PageShow], tmp_path: Path, new_page: NewPage
) -> None:
    show = PageShow(tmp_path)
    shows.append(show)
    hand = Hand(new_page(STAGES["phone"], touch=True), show)
    page = hand.page
    page.evaluate("window.loaded = 1")
    way = hand.up("strength", hand.track("strength") / 6)
    page.touch_start(way[0])
    page.move_along(way[:2])
    show.file.write_text(
        SHOW.replace("macros:\n", "macros:\n  bloom: {drives: {picture/contrast: [1, 1.5]}}\n")
        .replace("[macro/pedal,", "[macro/pedal, macro/bloom,")
        .replace("name: grey,", "name: fog,")
        .replace("show: Mine", "show: Mine again"),
        encoding="utf-8",
    )
    page.until("!!document.querySelector('#stage [data-name=\"macro/bloom\"]')")
    page.until("!!document.querySelector('[aria-label^=\"cue fog\"]')")
    assert page.evaluate("document.querySelector('[aria-label^=\"cue grey\"]')") is None
    assert page.evaluate("[window.loaded, document.title]") == [1, "Mine again · vj"], "in place"
    page.move_along(way[1:])  # the finger was on it all the time
    until(lambda: show.values()["strength"] > 0.5)
    page.touch_end()
    page.drag(hand.up("macro/bloom", hand.track("macro/bloom") / 3))
    until(lambda: show.values()["macro/bloom"] > 0.2)


@pytest.mark.long
def test_when_vj_goes_nothing_jumps_and_the_page_goes_on_when_it_is_back(
    shows: list[PageShow], tmp_path: Path, new_page: NewPage
) -> None:
    shows.append(PageShow(tmp_path))
    show = shows[0]
    hand = Hand(new_page(STAGES["phone"], touch=True), show)
    page = hand.page
    page.expect("ERR_CONNECTION_REFUSED", "WebSocket connection", "Failed to load resource")
    show.set("strength", 0.7)
    until(lambda: hand.shows("strength", 0.7))
    show.close()
    page.until(AWAY)
    assert hand.shown("strength") == pytest.approx(0.7)
    page.evaluate(
        """(() => {
            window.told = [];
            new MutationObserver(() => {
                const marked = document.querySelectorAll("#stage .not-taken");
                told.push(...[...marked].map(one => one.dataset.name));
            }).observe(document.body, {subtree: true, attributeFilter: ["class"]});
        })()"""
    )
    page.drag(hand.up("strength", 60))
    page.until("told.includes('strength')")
    assert hand.shown("strength") == pytest.approx(0.7), "it stands where vj had it"
    page.evaluate(
        """(() => {
            window.back = 0;
            const look = async () => {
                const up = await fetch("/static/main.js", {method: "HEAD", cache: "no-store"})
                    .then(() => true, () => false);
                if (!up) return setTimeout(look, 50);
                const since = performance.now();
                const wait = () => document.body.classList.contains("away")
                    ? setTimeout(wait, 10) : (window.back = performance.now() - since);
                wait();
            };
            look();
        })()"""
    )
    shows.append(PageShow(tmp_path, SHOW.replace("0.4", "0.3"), page_port=show.page_port))
    page.until(f"window.back && !{AWAY}")
    assert page.evaluate("window.back") < 20000, "ms: about one thousand, on a quiet machine"
    until(lambda: hand.shows("strength", 0.3))
    page.drag(hand.up("strength", 60))
    until(lambda: shows[1].values()["strength"] > 0.35)


@pytest.mark.long
def test_ten_pages_at_once_show_what_one_plays(
    shows: list[PageShow], tmp_path: Path, new_page: NewPage
) -> None:
    show = PageShow(tmp_path)
    shows.append(show)
    hands = [Hand(new_page(STAGES["phone"], touch=True), show) for _ in range(10)]
    hands[0].page.drag(hands[0].up("strength", hands[0].track("strength") / 4))
    until(lambda: show.values()["strength"] > 0.5)
    set_to = show.values()["strength"]
    until(lambda: all(hand.shows("strength", set_to) for hand in hands))
    assert show.values()["strength"] == set_to, "no page has set it back"
    picture = "document.querySelector('#stage canvas').toDataURL()"
    for hand in hands:
        hand.page.until(f"{picture} !== {hand.page.evaluate(picture)!r}")


@pytest.mark.long
def test_a_device_in_the_network_is_asked_for_the_pin_once(
    shows: list[PageShow], tmp_path: Path, new_page: NewPage
) -> None:
    addresses = [one for one in lan_addresses() if not ipaddress.ip_address(one).is_loopback]
    if not addresses:
        pytest.skip("this machine has no address but loopback")
    text = SHOW.replace("page: {", f'page: {{pin: "{PIN}", ')
    show = PageShow(tmp_path, text, host="0.0.0.0")
    shows.append(show)
    page = new_page(STAGES["phone"], touch=True)
    page.expect("Failed to load resource", "WebSocket connection")
    url = f"http://{addresses[0]}:{show.page_port}/"
    page.open(url)
    page.until("!!document.querySelector('.t-pad')")
    strength = f"!!document.querySelector('{Hand.fader('strength')}')"
    assert not page.evaluate(strength), "nothing of the show is told before"
    for digits in ("111111", PIN):
        for digit in digits:
            page.evaluate(
                """digit => [...document.querySelectorAll(".t-pad button")]
                    .find(one => one.textContent === digit).click()""",
                digit,
            )
        page.evaluate("document.querySelector('.t-pad .t-main').click()")
        if digits != PIN:
            page.until("document.body.innerText.includes('not the PIN')")
            assert not page.evaluate(strength)
    page.until(strength)
    page.open(url)  # it is remembered
    page.until(strength)
    page.open(url + "view")
    page.until("document.body.classList.contains('view-only')")
    page.until("document.querySelector('#stage canvas')?.width > 16")
    assert page.evaluate(
        "[...document.querySelectorAll('[role=slider]')].every(one => !one.offsetParent)"
    )
    before = show.values()
    for key in "12 ":
        page.key(key)
    show.set("strength", 0.6)  # what the page sent before has arrived when this is back
    page.until(f"document.querySelector('{Hand.fader('strength')}').ariaValueNow === '0.6'")
    assert show.values() == before | {"strength": 0.6}
