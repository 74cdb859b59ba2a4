"""The page in a real Chromium with a real show: what fingers and keys do on it."""

from __future__ import annotations

import base64
import json
import socket
import struct
from collections.abc import Iterator
from functools import partial

import pytest

from tests.browser import STAGES
from tests.shows import HOST
from tests.waiting import until
from tests.web.conftest import NewPage
from tests.web.page_show import Hand, PageShow

MEASURE = """(() => {
    const {scrollWidth, scrollHeight} = document.scrollingElement;
    const shown = [...document.querySelectorAll("#stage [role=slider], #stage button")]
        .map(one => [one.ariaLabel || one.textContent, one.getBoundingClientRect(), one])
        .filter(([, box]) => box.width > 0);
    const small = shown.filter(([, , one]) => one.matches("[role=slider], .pad"))
        .filter(([, box]) => Math.min(box.width, box.height) < 44);
    const outside = shown.filter(([, box]) => box.right > innerWidth + 1 || box.left < -1
        || box.bottom > innerHeight + 1 || box.top < -1);
    const picture = document.querySelector("#stage canvas").getBoundingClientRect();
    return {
        wide: scrollWidth - innerWidth, high: scrollHeight - innerHeight,
        small: small.map(([name]) => name), outside: outside.map(([name]) => name),
        picture: picture.width * picture.height / innerWidth / innerHeight,
    };
})()"""
"""What does not fit a screen of this size, and the share of it that the picture has."""


@pytest.fixture(scope="module")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageShow]:
    show = PageShow(tmp_path_factory.mktemp("show"))
    yield show
    show.close()


@pytest.fixture
def show(playing: PageShow) -> PageShow:
    """The show, as it starts."""
    playing.set("panic", True)
    playing.until_set("strength", 0.4)
    return playing


@pytest.fixture
def phone(show: PageShow, new_page: NewPage) -> Hand:
    """The page on a phone, touched by fingers."""
    return Hand(new_page(STAGES["phone"], touch=True), show)


@pytest.mark.parametrize("size", STAGES)
def test_the_stage_never_scrolls_and_is_large_enough_for_thumbs(
    size: str, show: PageShow, new_page: NewPage
) -> None:
    page = Hand(new_page(STAGES[size], touch=size != "desk"), show).page
    found = page.evaluate(MEASURE)
    assert found["wide"] <= 0
    assert found["high"] <= 0
    assert found["small"] == []
    assert found["outside"] == []
    assert found["picture"] > 0.12


@pytest.mark.long
def test_scrolling_all_parameters_with_a_finger_changes_none(phone: Hand) -> None:
    page, before = phone.page, phone.show.values()
    phone.open_tab("all")
    page.until("document.querySelectorAll('#panel [role=slider]').length > 20")
    scrolled = "Math.max(...[...document.querySelectorAll('#panel *')].map(one => one.scrollTop))"
    top = page.evaluate(scrolled)
    for start in (0.25, 0.5, 0.75):  # beginning on faders, on labels, and across
        x = start * STAGES["phone"][0]
        page.drag([(x, 780), (x + 9, 430)], steps=12)
        page.drag([(x, 780), (x - 14, 500)], steps=5)
    page.until(f"{scrolled} > {top + 300}")
    assert phone.show.values() == before


def test_a_touch_moves_nothing_and_a_drag_is_relative(phone: Hand) -> None:
    page, show = phone.page, phone.show
    x, y, width, height = page.box(phone.fader("strength"))
    page.tap((x + width / 2, y + height * 0.15))
    page.touch_start((x + width / 2, y + height * 0.85))
    page.touch_end()
    assert show.values()["strength"] == 0.4
    quarter = phone.track("strength") / 4
    page.drag(phone.up("strength", quarter))
    until(lambda: show.values()["strength"] != 0.4)
    show.until_set("strength", 0.65, near=0.04)
    until(lambda: phone.shows("strength", show.values()["strength"]))


def test_two_fingers_play_two_faders(phone: Hand) -> None:
    page, show = phone.page, phone.show
    far = phone.track("strength") / 4
    up, down = phone.up("strength", far), phone.up("mix/wet", far)
    down = [(x, 2 * down[0][1] - y) for x, y in down]
    before = show.values()
    page.drag(up, down)
    show.until_set("strength", 0.65, near=0.04)
    show.until_set("mix/wet", 0.75, near=0.04)
    after = show.values()
    assert {name for name in after if after[name] != before[name]} == {"strength", "mix/wet"}


def test_a_double_tap_resets_and_undo_brings_it_back(phone: Hand) -> None:
    page, show = phone.page, phone.show
    page.drag(phone.up("feedback/amount", phone.track("feedback/amount") / 5))
    until(lambda: show.values()["feedback/amount"] > 0.6)
    until(lambda: phone.shown("feedback/amount") > 0.6)
    moved = show.values()["feedback/amount"]
    page.tap(phone.fader("feedback/amount"), 2)
    show.until_set("feedback/amount", 0.5)
    undo = '#stage button[aria-label^="undo"]'
    page.until(f"!document.querySelector('{undo}').disabled")
    page.tap(undo)
    show.until_set("feedback/amount", moved)
    page.tap(undo)
    show.until_set("feedback/amount", 0.5)
    page.until(f"document.querySelector('{undo}').disabled")
    until(lambda: phone.shows("feedback/amount", 0.5), lambda: phone.shown("feedback/amount"))
    assert show.values()["feedback/amount"] == 0.5


def test_a_touch_that_the_system_takes_away_ends_the_hold(phone: Hand) -> None:
    page, show = phone.page, phone.show
    way = phone.up("strength", phone.track("strength") / 5)
    page.touch_start(way[0])
    page.move_along(way)
    until(lambda: show.values()["strength"] > 0.5)
    page.touch_cancel()
    until(lambda: phone.shows("strength", show.values()["strength"]))  # the last move has come
    show.set("strength", 0.1)  # held, it would not follow
    until(lambda: phone.shows("strength", 0.1), lambda: phone.shown("strength"))
    assert show.values()["strength"] == 0.1, "nothing was set when it was taken away"


def test_the_ghost_of_what_a_macro_drives_moves_and_the_fader_stays(phone: Hand) -> None:
    page, show = phone.page, phone.show
    until(lambda: abs(phone.ghost("strength") - 0.4) < 0.02, lambda: phone.ghost("strength"))
    x, y = page.centre(phone.fader("macro/pedal"))
    page.drag([(x, y), (x, y - 12), (x, y - 12 - phone.track("macro/pedal") * 1.2)])
    show.until_set("macro/pedal", 1.0)
    until(lambda: phone.ghost("strength") > 0.9, lambda: phone.ghost("strength"))
    assert phone.shown("strength") == pytest.approx(0.4)
    assert page.evaluate(f"document.querySelector('{phone.fader('strength')}').dataset.moved") == (
        "macro"
    )


def test_a_cue_fades_in_sight(phone: Hand) -> None:
    page, show = phone.page, phone.show
    page.evaluate(
        """(() => {
            window.seen = [];
            const pad = document.querySelector('[aria-label^="cue grey"]');
            const look = () => {
                const bar = pad.querySelector(".progress").getBoundingClientRect();
                seen.push(bar.width / pad.getBoundingClientRect().width);
                requestAnimationFrame(look);
            };
            look();
        })()"""
    )
    page.tap('[aria-label^="cue grey"]')
    show.until_set("picture/saturation", 0)
    page.until("document.querySelector('[aria-label^=\"cue grey\"]').ariaPressed === 'true'")
    page.until("seen.some(share => share > 0.1) && seen[seen.length - 1] < 0.02")
    shares = [share for share in page.evaluate("seen") if 0.02 < share < 0.98]
    assert len({round(share, 2) for share in shares}) >= 6, "it moves in steps that look like one"
    assert shares == sorted(shares)


def test_keys_play_as_in_the_terminal(show: PageShow, new_page: NewPage) -> None:
    hand = Hand(new_page(), show)
    for key, cue in (("2", "grey"), ("1", "calm")):
        hand.page.key(key)
        hand.page.until(
            f"document.querySelector('[aria-label^=\"cue {cue}\"]').ariaPressed === 'true'"
        )
    hand.page.key("ArrowRight")
    hand.page.until("document.querySelector('[aria-label^=\"cue grey\"]').ariaPressed === 'true'")
    hand.page.key("ArrowLeft")
    hand.page.until("document.querySelector('[aria-label^=\"cue calm\"]').ariaPressed === 'true'")
    assert show.values()["picture/saturation"] != 0
    hand.page.key(" ")
    show.until_set("picture/saturation", 0)


def test_every_control_has_its_full_name_and_is_reached_by_keys(
    show: PageShow, new_page: NewPage
) -> None:
    hand = Hand(new_page(), show)
    page = hand.page
    page.evaluate(f"document.querySelector('{hand.fader('feedback/amount')}').focus()")
    page.key("ArrowUp")
    until(lambda: show.values()["feedback/amount"] > 0.5)
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, input, select, [role=slider], [role=tab]")]
            .filter(one => !(one.getAttribute("aria-label") || one.textContent.trim()
                || (one.labels && one.labels.length))).map(one => one.outerHTML)"""
    )
    assert nameless == []
    label = page.evaluate(f"document.querySelector('{hand.fader('feedback/amount')}').ariaLabel")
    assert label == "feedback: amount"


def deaf_client(show: PageShow) -> socket.socket:
    """A client of /socket that asks for all values again and again, and reads nothing."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect((HOST, show.page_port))
    head = f"GET /socket HTTP/1.1\r\nHost: {HOST}:{show.page_port}\r\nUpgrade: websocket\r\n"
    head += "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
    made.sendall(f"{head}{base64.b64encode(bytes(16)).decode()}\r\n\r\n".encode())
    body = json.dumps({"type": "set", "id": 1, "name": "/vj/*/*", "value": None}).encode()
    frame = struct.pack("!BB4x", 0x81, 0x80 | len(body)) + body  # masked with zeros
    made.setblocking(False)
    for _ in range(1500):
        try:
            made.send(frame)
        except BlockingIOError:
            break
    return made


@pytest.mark.long
def test_a_client_that_does_not_read_is_dropped_and_a_page_plays_on(
    phone: Hand, show: PageShow
) -> None:
    with deaf_client(show):
        played = 0
        while "does not read and is dropped" not in show.text:
            played += 1
            assert played < 1000
            value = 0.1 + 0.8 * (played % 2)
            show.set("strength", value)
            until(partial(phone.shows, "strength", value))
        assert played > 3, "it took a while, and what a hand did was seen all the time"
