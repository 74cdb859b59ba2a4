"""The rules of who may do what on the page: this machine, another device before and after its PIN,
the link that shows, other sites' scripts."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import ManualClock
from vj.core import cache
from vj.web.access import EVERYTHING, LOOK, NOTHING, Access, Call, Rights, foreign, is_local
from vj.web.pin import KEPT

LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"
PLAY = Rights(play=True, write=False, pictures=False)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which vj has never played."""
    monkeypatch.setenv("VJ_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def access(osc: str = LOOPBACK, pin: str | None = "271828", **more: Any) -> Access:
    return Access((EVERYWHERE, 9080), osc, pin, lambda text: None, **more)


def call(path: str = "/socket", remote: str = "10.0.0.9", **headers: str) -> Call:
    path, _, query = path.partition("?")
    asked = dict(pair.split("=") for pair in query.split("&")) if query else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call("GET", path, {"Host": "10.0.0.7:9080", **named}, remote, asked)


# Rights.


def test_this_machine_may_everything_and_others_what_osc_allows() -> None:
    own = access()
    for remote in ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"):
        assert own.rights(call(remote=remote)) == EVERYTHING, remote
    for remote in ("10.0.0.9", "192.168.1.2", "fe80::1%eth0", "::ffff:10.0.0.9", ""):
        assert access().rights(call(remote=remote)) == NOTHING, remote
        assert access(EVERYWHERE).rights(call(remote=remote)) == PLAY, remote
        assert access("192.168.1.7").rights(call(remote=remote)) == PLAY, remote
        assert access(pin="off").rights(call(remote=remote)) == EVERYTHING, remote


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_what_a_proxy_on_this_machine_passes_on_is_not_of_this_machine(header: str) -> None:
    near = call(remote="127.0.0.1")
    assert is_local(near)
    assert not is_local(replace(near, headers={**near.headers, header: "10.0.0.9"}))


@pytest.mark.parametrize(
    ("path", "of_nobody", "of_a_player"),
    [
        ("/", 401, 401),  # OSCQuery's root, for programs
        ("/vj/strength", 401, None),
        ("/state.json", 401, None),
        ("/set", 401, None),
        ("/socket", 401, None),
        ("/pictures?view=output", 401, 401),
        ("/output.jpg", 401, 401),
        ("/picture.png?view=sent", 401, 401),
        ("/thumb/crash", 401, 401),
        ("/style/my cat", 401, 401),
        ("/pin", None, None),
        ("/out", None, None),
        ("/display", None, None),
        ("/view", None, None),
        ("/static/main.js", None, None),
    ],
)
def test_each_address_wants_its_right(
    path: str, of_nobody: int | None, of_a_player: int | None
) -> None:
    def status(one: Access) -> int | None:
        refusal = one.refusal(call(path))
        return None if refusal is None else refusal.status

    assert status(access()) == of_nobody
    if path != "/":
        assert status(access(EVERYWHERE)) == of_a_player
    assert access().refusal(call(path, remote="127.0.0.1")) is None


def test_the_page_itself_comes_to_everybody_and_the_root_of_the_tree_to_players() -> None:
    browser = call("/", Accept="text/html,*/*")
    assert access().refusal(browser) is None
    assert access().refusal(call("/", Accept="*/*")) is not None
    assert access(EVERYWHERE).refusal(call("/", Accept="*/*")) is None
    websocket = call("/", Accept="text/html", Upgrade="websocket")
    assert access().refusal(websocket) is not None, "OSCQuery over a WebSocket can set"


# Other sites.


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"Host": "localhost:9080"}, True),
        ({"Host": "evil.example:9080"}, False),
        ({"Host": "127.0.0.1.evil.example"}, False),
        ({"Host": ""}, False),
        ({"Origin": "http://10.0.0.7:9080"}, True),
        ({"Origin": "https://10.0.0.7:9080"}, True),
        ({"Host": "localhost", "Origin": "http://LOCALHOST:80"}, True),
        ({"Origin": "http://10.0.0.7:3000"}, False),
        ({"Origin": "http://10.0.0.7"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "http://10.0.0.7:9080.evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "file://"}, False),
        ({"Origin": "http://[::1"}, False),
        ({"Origin": "http://10.0.0.7:port"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, True),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, False),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, False),
        (
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "iframe",
            },
            False,
        ),
        (
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
            },
            True,
        ),
    ],
)
def test_what_other_sites_ask_for_is_not_taken(headers: dict[str, str], taken: bool) -> None:
    assert (foreign(Call("GET", "/", {"Host": "10.0.0.7:9080"} | headers, "127.0.0.1")) == "") is (
        taken
    )


def test_a_form_of_another_site_is_not_taken_though_it_opens_a_page() -> None:
    opened = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    headers = {"Host": "10.0.0.7:9080", "Sec-Fetch-Dest": "document"} | opened
    assert foreign(Call("POST", "/set", headers, "127.0.0.1"))


# The PIN.


def test_a_device_that_has_entered_the_pin_is_known_after_a_restart(state: Path) -> None:
    first = access(pin=None)
    assert first.pin is not None
    assert len(first.pin) == 6
    assert first.pin.isdecimal()
    assert first.enter(first.pin, "10.0.0.9").right
    name, value = first.device_cookie()
    for cookie in (f"{name}={value}", f"theme=dark; {name}={value}; a"):
        assert access(pin=None).rights(call(Cookie=cookie)) == EVERYTHING
    assert access(pin=None).pin == first.pin
    for wrong in (value[:-1], f"x{value}", "." + value.partition(".")[2], "", "é"):
        assert access(pin=None).rights(call(Cookie=f"{name}={wrong}")) == NOTHING, wrong
    assert access(pin="1234").rights(call(Cookie=f"{name}={value}")) == NOTHING, "another PIN"
    if os.name == "posix":
        assert stat.S_IMODE((state / KEPT).stat().st_mode) == 0o600
    cache.remove(KEPT)
    assert access(pin=None).rights(call(Cookie=f"{name}={value}")) == NOTHING, "another machine"


@pytest.mark.parametrize("torn", ["", "{", '{"secret": "00", "pin": "123456"}', "[]", "7"])
def test_a_torn_state_is_made_anew(state: Path, torn: str) -> None:
    before = access(pin=None).pin
    (state / KEPT).write_text(torn, encoding="utf-8")
    after = access(pin=None).pin
    assert after is not None
    assert access(pin=None).pin == after != before


def test_a_state_that_cannot_be_kept_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VJ_CACHE", str(tmp_path / "file"))
    logged: list[str] = []
    made = Access((EVERYWHERE, 9080), LOOPBACK, None, logged.append)
    assert made.pin is not None
    assert "devices have to enter it again" in logged[0]


def test_five_wrong_pins_a_minute_and_then_not_even_the_right_one() -> None:
    clock = ManualClock()
    own = access(now=clock.now)
    for _ in range(5):
        assert own.enter("000000", "10.0.0.9").wait == 0
    clock.advance(10)
    assert own.enter("271828", "10.0.0.9").wait == 50
    assert own.enter("271828", "10.0.0.10").right, "somebody else is not kept waiting"
    clock.advance(49)
    assert not own.enter("271828", "10.0.0.9").right
    clock.advance(1.5)
    assert own.enter("271828", "10.0.0.9").right


def test_thirty_wrong_pins_from_everywhere_stop_all() -> None:
    clock = ManualClock()
    own = access(now=clock.now)
    for number in range(30):
        assert not own.enter("000000", f"10.0.1.{number}").wait
        clock.advance(1)
    assert own.enter("271828", "10.0.0.9").wait == 570
    clock.advance(571)
    assert own.enter("271828", "10.0.0.9").right


def test_the_addresses_of_one_network_of_ipv6_are_one() -> None:
    own = access(now=ManualClock().now)
    for number in range(5):
        own.enter("000000", f"2001:db8::{number}")
    assert own.enter("271828", "2001:db8::ffff").wait
    assert own.enter("271828", "2001:db8:0:1::1").right
    for _ in range(5):
        own.enter("000000", "::ffff:10.0.0.9")
    assert own.enter("271828", "10.0.0.9").wait


# The link that shows.


def test_the_link_shows_without_pin_and_changes_nothing_on_any_device() -> None:
    own = access(EVERYWHERE)
    key = own.view_path.partition("key=")[2]
    for path in (f"/socket?key={key}", f"/pictures?view=output&key={key}"):
        assert own.rights(call(path)) == LOOK
        assert own.refusal(call(path)) is None
        assert own.rights(call(path, remote="127.0.0.1")) == LOOK, "it is the link that counts"
    assert own.rights(call("/socket?key=0000")) == NOTHING
    assert own.refusal(call(f"/vj/strength?key={key}")) is not None
    assert own.refusal(call("/view")) is None, "the page comes, and asks for the PIN"
    assert own.view_redirect(call("/view", remote="127.0.0.1")) == own.view_path
    assert own.view_redirect(call("/view")) == "/view?key="
    assert own.view_redirect(call("/view?key=")) == ""
    assert own.view_redirect(call(own.view_path)) == ""
    assert access(pin="1234").view_path != own.view_path
