"""One path for messages: what they mean, whoever sends them, and what is answered."""

from __future__ import annotations

import contextlib
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from vj.control.build import make_engine
from vj.control.cues import MOST as CUES
from vj.control.cues import NAME as CUE_NAME
from vj.control.osc.dispatch import Dispatcher
from vj.control.osc.packet import IMPULSE, Character, Message, Unpacked, pack, unpack
from vj.control.osc.scheduler import AHEAD, MOST_MESSAGES
from vj.parameters.store import Store
from vj.show.load import check_show

NTP = 2_208_988_800


def padded(text: str) -> bytes:
    """A text as OSC writes it: UTF-8, ended by NUL, filled up to a multiple of four."""
    raw = text.encode()
    return raw + b"\0" * (4 - len(raw) % 4)


def raw(address: str, tags: str, *data: bytes) -> bytes:
    return padded(address) + padded("," + tags) + b"".join(data)


def f32(value: float) -> bytes:
    return struct.pack(">f", value)


def text(value: bytes) -> bytes:
    return value + b"\0" * (4 - len(value) % 4)


def bundle(*elements: bytes, when: float | None = None) -> bytes:
    tag = 1 if when is None else int((when + NTP) * 2**32)
    body = b"".join(struct.pack(">i", len(one)) + one for one in elements)
    return b"#bundle\0" + struct.pack(">Q", tag) + body


class RecordingSender:
    """An asker that keeps what it is told."""

    def __init__(self, host: str = "10.0.0.7", port: int = 5000) -> None:
        self.origin, self.name = (host, port), host
        self.answers: list[tuple[str, list[Any]]] = []
        self.errors: list[str] = []

    def answer(self, address: str, values: Sequence[Any], kind: str | None = None) -> None:
        self.answers.append((address, list(values)))

    def may_reply(self) -> bool:
        return True

    def send_error(self, text: str, done: bool) -> None:
        self.errors.append(text)

    def moved(self, address: str) -> None: ...

    def subscribe(self, address: str, arguments: tuple[Any, ...]) -> str:
        return ""


class DispatchHarness:
    """A dispatcher with a show, a clock that the test sets, and one sender."""

    def __init__(self, ignored: Sequence[str] = (), **show: Any) -> None:
        self.now, self.wall = 100.0, 1_700_000_000.0
        checked = check_show({"source": "testcard", **show}, "test")
        self.store = Store(dict(checked.start), checked.table())
        self.messages: list[str] = []
        self.engine, _ = make_engine(checked, self.store, live=False, log=self.messages.append)
        self.store.listeners.append(self.engine.changed)
        self.store.automation = self.engine
        self.dispatcher = Dispatcher(
            self.store, self.messages.append, wall=lambda: self.wall, steady=lambda: self.now
        )
        self.dispatcher.use_engine(self.engine, ignored=ignored)
        self.dispatcher.attach()
        self.peer = RecordingSender()
        self.fired: list[str] = []
        rows = self.store.table.rows
        self.store.listeners.append(
            lambda name, value, origin: (
                self.fired.append(name)
                if rows[name].kind == "trigger" or name.startswith("cue/")
                else None
            )
        )

    def play(self, packet: bytes, peer: RecordingSender | None = None) -> list[str]:
        """Dispatch a packet. Returns the errors that are replied."""
        peer = peer or self.peer
        before = len(peer.errors)
        self.dispatcher.dispatch_packet(unpack(packet), peer)
        return peer.errors[before:]

    def log(self, address: str, *arguments: Any) -> list[str]:
        before = len(self.peer.errors)
        self.dispatcher.dispatch_packet(Unpacked([Message(address, arguments)], []), self.peer)
        return self.peer.errors[before:]

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds
        self.dispatcher.release()

    def frame(self) -> Callable[[str], Any]:
        return self.store.sample(self.now).__getitem__


GOOD = raw("/vj/delta", "f", f32(0.25))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (raw("/vj/mix/wet", "f", f32(float("-inf"))), "/vj/mix/wet: NaN or infinity"),
        (raw("/deck/1", "fq", f32(1.0)), "/deck/1: the type tag 'q' is none"),
        (raw("/name", "s", text("Müller".encode("latin-1"))), "/name: a text that is no UTF-8"),
        (raw("/my layer/x", "f", f32(1.0)), "'/my layer/x': an address with letters that no"),
        (raw("/hä", "f", f32(1.0)), "'/hä': an address with letters that no address has"),
        (raw("/vj/steps", "ii", b"\0\0\0\1"), "/vj/steps: an argument is cut off"),
        (raw("/vj/steps", "[i", b"\0\0\0\1"), "/vj/steps: an array without an end"),
        (raw("/vj/steps", "i]", b"\0\0\0\1"), "/vj/steps: an array that ends and has not begun"),
    ],
)
def test_one_bad_message_of_a_bundle_is_answered_and_the_others_play(
    bad: bytes, words: str
) -> None:
    session = DispatchHarness()
    errors = session.play(bundle(raw("/vj/strength", "f", f32(0.75)), bad, GOOD))
    assert len(errors) == 1
    assert words in errors[0]
    assert (session.store.get("strength"), session.store.get("delta")) == (0.75, 0.25)


def test_what_stands_before_the_damage_of_a_bundle_plays_and_the_damage_is_answered() -> None:
    session = DispatchHarness()
    errors = session.play(bundle(GOOD) + struct.pack(">i", 4096) + b"/vj/")
    assert session.store.get("delta") == 0.25
    assert "says it has 4096 bytes" in errors[0]
    deep = GOOD
    for _ in range(12):
        deep = bundle(deep)
    assert "more than 8 deep" in session.play(deep)[0]


def test_a_buffer_that_ends_in_zeros_is_no_mistake() -> None:
    session = DispatchHarness()
    for packet in (GOOD + b"\0" * 12, GOOD + b"\0" * 3, bundle(GOOD + b"\0" * 4) + b"\0" * 16):
        session.store.set("delta", 1.0)
        assert session.play(packet) == []
        assert session.store.get("delta") == 0.25
    assert "belong to no argument" in session.play(GOOD + b"\0\0\0\1")[0]


def test_every_tag_is_read_as_it_is_meant() -> None:
    data = b"".join(
        [
            text(b"sym"),
            struct.pack(">I", ord("é")),
            bytes([255, 128, 0, 255]),
            bytes([0, 0x90, 60, 100]),
            struct.pack(">Q", int((1000.5 + NTP) * 2**32)),
            struct.pack(">q", 2**40),
            struct.pack(">d", 0.1),
            f32(0.5),
            f32(2.0),
        ]
    )
    (message,) = unpack(raw("/x", "ScrmthdI[f[f]]N", data)).messages
    assert message.arguments == (
        "sym",
        "é",
        "#ff8000",
        (0, 0x90, 60, 100),
        pytest.approx(1000.5),
        2**40,
        0.1,
        IMPULSE,
        (0.5, (2.0,)),
        None,
    )
    assert isinstance(message.arguments[1], Character)


@pytest.mark.parametrize(
    ("tags", "data", "words"),
    [
        ("I", b"", "an impulse came, a number would be right"),
        ("c", struct.pack(">I", ord("7")), "the character '7' came"),
        ("b", struct.pack(">i", 3) + b"0.9\0", "a blob came"),
        ("[f]", f32(0.9), "an array came"),
        ("m", bytes(4), "an array came"),
        ("t", struct.pack(">Q", 1 << 40), "a time came"),
        ("N", b"", "nothing came"),
        ("r", b"\1\2\3\4", "'#010203' is not a number"),
    ],
)
def test_what_is_no_number_does_not_move_a_fader(tags: str, data: bytes, words: str) -> None:
    session = DispatchHarness()
    (error,) = session.play(raw("/vj/noise/hold", tags, data))
    assert words in error
    assert session.store.get("noise/hold") == 1.0


def test_symbols_characters_and_colours_are_texts_and_an_impulse_is_a_press() -> None:
    session = DispatchHarness()
    assert session.play(raw("/vj/prompt", "S", text(b"jade"))) == []
    assert session.store.get("prompt/a") == "jade"
    assert session.play(raw("/vj/prompt/b", "c", struct.pack(">I", ord("x")))) == []
    assert session.store.get("prompt/b") == "x"
    assert session.play(raw("/vj/prompt/negative", "r", b"\x10\x20\x30\xff")) == []
    assert session.store.get("prompt/negative") == "#102030"
    assert session.play(raw("/vj/cue/back", "I")) == []
    assert session.fired == ["cue/back"]


def test_mappings_take_the_values_of_an_array_and_the_bytes_of_midi() -> None:
    session = DispatchHarness(
        mappings=[
            {"osc": "/pad", "take": 1, "to": "strength"},
            {"osc": "/midi", "take": 3, "to": "delta", "in": [0, 127]},
            {"osc": "/go", "to": "output/freeze", "value": "on"},
        ]
    )
    session.play(raw("/pad", "[ff]", f32(0.1), f32(0.9)))
    session.play(raw("/midi", "m", bytes([0, 0x90, 60, 127])))
    session.play(raw("/go", "I"))
    session.frame()
    assert session.store.get("strength") == pytest.approx(0.9)
    assert session.store.get("delta") == 1.0
    assert session.store.get("output/freeze") is True


def test_a_fader_of_a_mapping_that_is_asked_answers_where_it_would_stand_and_does_not_move() -> (
    None
):
    session = DispatchHarness(mappings=[{"osc": "/1/fader", "to": "strength", "range": [0.2, 0.6]}])
    session.store.set("strength", 0.3)
    session.frame()
    session.log("/1/fader")
    session.frame()
    assert session.store.get("strength") == 0.3
    assert session.peer.answers == [("/1/fader", [pytest.approx(0.25, abs=1e-3)])]


def test_a_mapping_on_a_parameters_own_address_is_received() -> None:
    session = DispatchHarness(
        mappings=[{"osc": "/vj/strength", "to": "strength", "range": [0.4, 0.6]}]
    )
    session.play(raw("/vj/strength", "f", f32(1.0)))
    session.frame()
    assert session.store.get("strength") == pytest.approx(0.6)
    assert raw("/vj/strength", "f") not in {
        head for head, target in session.dispatcher.fast_paths.items() if target.row is not None
    }


def test_patterns_reach_mapped_faders_and_never_fire_by_them() -> None:
    session = DispatchHarness(
        mappings=[{"osc": "/deck/a", "to": "delta"}, {"osc": "/deck/b", "to": "panic"}]
    )
    session.store.set("strength", 0.9)
    session.log("/deck/*", 0.5)
    session.frame()
    assert (session.store.get("delta"), session.store.get("strength")) == (0.5, 0.9)


def test_what_stands_in_one_bundle_is_in_one_frame() -> None:
    session = DispatchHarness()
    names = ["strength", "delta", "mix/wet", "seed/mix", "noise/hold", "blend/motion"]
    held: list[bool] = []
    session.store.listeners.append(
        lambda name, value, origin: held.append(session.store._lock._is_owned())  # type: ignore[attr-defined]
    )
    together: list[int] = []
    begin = session.store.together
    session.store.together = lambda: (together.append(len(held)), begin())[1]  # type: ignore[method-assign,assignment,func-returns-value]
    session.play(bundle(*(pack("/vj/" + name, [0.5]) for name in names * 4)))
    assert together == [0], "once, before the first of them"
    assert len(held) == 24


def test_a_line_that_is_logged_does_not_hold_up_the_frame() -> None:
    session = DispatchHarness()
    held: list[bool] = []
    session.dispatcher.error_replies._log = lambda text: held.append(
        session.store._lock._is_owned()
    )  # type: ignore[attr-defined]
    session.play(bundle(pack("/nowhere", [1.0]), GOOD))
    assert held == [False]


def test_a_bundle_of_a_thousand_patterns_does_not_hold_up_the_frames() -> None:
    session = DispatchHarness()
    longest, since = [0.0], [0.0]
    begin = session.store.together

    @contextlib.contextmanager
    def timed() -> Iterator[None]:
        before = time.thread_time()
        with begin():
            yield
        longest[0] = max(longest[0], time.thread_time() - before)

    session.store.together = timed  # type: ignore[method-assign]
    since[0] = time.thread_time()
    session.play(bundle(*[pack("/vj/picture/*", [0.5])] * 400))
    assert longest[0] < (time.thread_time() - since[0]) / 2 or longest[0] < 0.04


def test_the_status_is_sent_after_a_bundle_and_not_while_frames_wait_for_it() -> None:
    session = DispatchHarness()
    held: list[bool] = []

    def status() -> dict[str, list[float | int | str]]:
        held.append(session.store._lock._is_owned())  # type: ignore[attr-defined]
        return {"fps": [24.0]}

    session.dispatcher.status = status
    session.play(bundle(raw("/vj/status", ""), GOOD))
    session.play(raw("/vj/status", ""))
    assert held == [False, False]
    assert session.peer.answers == [("/vj/status/fps", [24.0])] * 2


def test_an_address_that_asks_is_received_by_its_mapping_too() -> None:
    session = DispatchHarness(mappings=[{"osc": "/pause", "to": "output/freeze", "value": "on"}])
    session.dispatcher.use_engine(session.engine, status_addresses=["/pause"])
    session.dispatcher.status = lambda: {"/state": ["playing"]}
    session.play(raw("/pause", ""))
    session.frame()
    assert session.store.get("output/freeze") is True
    assert session.peer.answers == [("/state", ["playing"])]


# Buttons


def test_a_button_that_is_held_is_one_press_and_clicks_are_one_each() -> None:
    session = DispatchHarness()
    for _ in range(90):  # held for three seconds, sent with every frame
        session.log("/vj/cue/go", 1.0)
        session.pass_by(1 / 30)
    assert session.fired == ["cue/go"]
    session.log("/vj/cue/go", 0.0)
    session.log("/vj/cue/go", 1.0)
    assert session.fired == ["cue/go"] * 2
    for _ in range(3):  # a sender that knows no release
        session.pass_by(0.6)
        session.log("/vj/cue/go", 1)
    assert session.fired == ["cue/go"] * 5
    for gate_on in ((), ("go",), (IMPULSE,)):
        session.log("/vj/cue/go", *gate_on)
        session.log("/vj/cue/go", *gate_on)
    assert session.fired == ["cue/go"] * 11


def test_two_senders_press_for_themselves() -> None:
    session, other = DispatchHarness(), RecordingSender(port=6000)
    session.play(pack("/vj/cue/back", [1.0]))
    session.play(pack("/vj/cue/back", [1.0]), other)
    session.play(pack("/vj/cue/back", [1.0]), other)
    assert session.fired == ["cue/back"] * 2


def test_taps_at_the_fastest_tempo_are_all_received() -> None:
    session = DispatchHarness()
    for _ in range(8):
        session.log("/vj/tempo/tap", 1)
        session.pass_by(60 / 290)
    assert session.fired == ["tempo/tap"] * 8


# Cues


CUES_OF_A_SHOW = [
    {"name": "dusk", "set": {"strength": 0.1}},
    {"name": "night", "set": {"strength": 0.8}},
]


@pytest.mark.parametrize("asked", [1, 1.0, "1", "night"])
def test_a_cue_by_its_number_counted_from_0_or_by_its_name(asked: object) -> None:
    session = DispatchHarness(cues=CUES_OF_A_SHOW)
    assert session.log("/vj/cue/fire", asked) == []
    session.frame()
    assert session.store.get("strength") == 0.8


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("nigth", "did you mean night"),
        (2, "there are 2 cues, counted from 0"),
        (-1, "there are 2 cues"),
        (0.5, "0.5: there are 2 cues, counted from 0"),
        ("²", "no such cue"),
        (True, "which one?"),
        (IMPULSE, "an impulse came"),
    ],
)
def test_a_cue_that_is_none_is_answered(asked: object, words: str) -> None:
    session = DispatchHarness(cues=CUES_OF_A_SHOW)
    (error,) = session.log("/vj/cue/fire", asked)
    assert words in error
    assert session.fired == []


def test_stored_cues_are_bounded_and_can_be_fired_at_once() -> None:
    session = DispatchHarness(cues=CUES_OF_A_SHOW)
    assert "255 are the most" in session.log("/vj/cue/store", "x" * (CUE_NAME + 1))[0]
    session.play(bundle(pack("/vj/cue/store", ["now"]), pack("/vj/cue/fire", ["now"])))
    assert session.peer.errors[1:] == []
    for number in range(CUES):
        session.log("/vj/cue/store", f"cue {number}")
    assert f"{CUES} are the most" in session.peer.errors[-1]
    assert session.log("/vj/cue/store", "dusk") == [], "one that is there may be stored anew"


# Timetags


def test_a_bundle_ahead_is_kept_for_its_moment_whatever_the_system_clock_does() -> None:
    session = DispatchHarness()
    session.play(bundle(GOOD, when=session.wall + 5.0))
    session.wall -= 3600
    session.pass_by(4.9)
    assert session.store.get("delta") == 1.0
    session.pass_by(0.2)
    assert session.store.get("delta") == 0.25


def test_a_message_of_a_clock_far_ahead_means_now_at_once() -> None:
    session = DispatchHarness()
    session.play(bundle(GOOD, when=session.wall + AHEAD + 270))
    assert session.store.get("delta") == 0.25
    assert "its clock is off" in session.messages[0]
    session.play(bundle(pack("/vj/delta", [0.75]), when=session.wall - 86400))
    assert session.store.get("delta") == 0.75, "what lies behind means now"


@pytest.mark.parametrize("off", [9.0, 300.0, -300.0])
def test_a_steady_lead_is_the_peers_clock_and_is_taken_off_and_logged_once(off: float) -> None:
    session = DispatchHarness()
    moves: list[float] = []
    session.store.listeners.append(lambda name, value, origin: moves.append(round(float(value), 2)))
    for number in range(4):
        session.play(
            bundle(pack("/vj/delta", [number / 10]), when=session.wall + off + 0.01 * number)
        )
        session.pass_by(0.05)
    session.pass_by(0.05)
    assert moves == [0.0, 0.1, 0.2, 0.3], "what was kept came too, and in its order"
    session.play(bundle(GOOD, when=session.wall + off + 1.0))
    session.pass_by(0.9)
    assert session.store.get("delta") == pytest.approx(0.3), "a second ahead by its own clock"
    session.pass_by(0.2)
    assert session.store.get("delta") == 0.25
    report = [line for line in session.messages if "which is taken off its timetags" in line]
    assert len(report) == 1
    assert ("behind" if off < 0 else "ahead of") in report[0]


def test_another_peers_clock_is_its_own() -> None:
    session, other = DispatchHarness(), RecordingSender("10.0.0.8")
    for _ in range(3):
        session.play(bundle(GOOD, when=session.wall + 200))
    session.play(bundle(pack("/vj/strength", [0.9]), when=session.wall + 1), other)
    assert session.store.get("strength") == 0.5
    session.pass_by(1.1)
    assert session.store.get("strength") == pytest.approx(0.9)


def test_what_has_no_room_to_wait_means_now_and_is_logged() -> None:
    session = DispatchHarness()
    one = bundle(*[GOOD] * 512, when=session.wall + 1)
    for _ in range(MOST_MESSAGES // 512):
        session.play(one)
    assert session.store.get("delta") == 1.0
    session.play(bundle(pack("/vj/strength", [0.9]), when=session.wall + 1))
    assert session.store.get("strength") == pytest.approx(0.9)
    assert any("all there is room for" in line for line in session.messages)
    session.pass_by(1.1)
    session.play(one)
    assert session.store.get("delta") == 0.25


def test_a_panic_forgets_what_waits() -> None:
    session = DispatchHarness()
    session.play(bundle(GOOD, when=session.wall + 2))
    session.store.set("panic", True)
    session.pass_by(3)
    assert session.store.get("delta") == 1.0


# Load, and what nobody listens to


def test_ignored_addresses_and_folders_say_nothing() -> None:
    session = DispatchHarness(ignored=["/frame_ack", "/fx/"])
    for address in ("/frame_ack", "/fx/blur/amount", "/fx/on"):
        assert session.log(address, 1) == []
    assert "no such address" in session.log("/fxx", 1)[0]


@pytest.mark.parametrize("address", ["/vj/status/fps", "/vj/status/sinks", "/vj/error"])
def test_what_another_vj_says_is_not_answered(address: str) -> None:
    session = DispatchHarness()
    session.log(address, "x")
    session.log(address)
    assert (session.peer.errors, session.peer.answers, session.messages) == ([], [], [])


def test_unknown_addresses_cost_little_and_are_one_line_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import vj.control.osc.suggestions as suggestions

    looked: list[str] = []
    monkeypatch.setattr(
        suggestions, "nearest", lambda word, known: looked.append(word) or "; did you mean it?"
    )
    session = DispatchHarness()
    for second in range(3):
        for number in range(5000):
            session.log(f"/composition/layer{number}/x", second)
        session.pass_by(1.0)
    assert len(looked) <= 3 * suggestions.SUGGESTIONS
    assert len(session.messages) == 3
    assert "and 4999 more" in session.messages[1]
    assert len(session.dispatcher._suggestions._mistakes) <= suggestions.KNOWN_MISTAKES


def test_every_head_that_is_quick_leads_where_the_slow_way_leads() -> None:
    quick, slow = DispatchHarness(), DispatchHarness()
    for head, target in quick.dispatcher.fast_paths.items():
        packet = head + (f32(0.5) if head.endswith(b",f\0\0") else struct.pack(">i", 1))
        (message,) = unpack(packet).messages
        quick.dispatcher.set_number(target, message.arguments[0], quick.peer)
        slow.play(packet)
    assert quick.store.base() == slow.store.base()
    assert quick.peer.errors == slow.peer.errors


def test_controls_are_heard_mapped_or_not_and_parameters_are_none() -> None:
    session = DispatchHarness(
        mappings=[{"osc": "/fader", "to": "strength"}, {"osc": "/pad", "to": "cue/go"}]
    )
    heard: list[tuple[str, tuple[Any, ...]]] = []
    learning = [False]

    def on_control(address: str, arguments: tuple[Any, ...]) -> bool:
        heard.append((address, arguments))
        return learning[0]

    session.dispatcher.on_control = on_control
    assert "no such address" in session.log("/new", 0.5)[0]
    learning[0] = True
    assert session.log("/newer", (0.25, 0.75)) == []
    assert session.log("/newer", IMPULSE) == []
    for address, *values in (
        ("/fader", 0.3),
        ("/pad", 1),
        ("/vj/strength", 0.4),
        ("/vj/strengt?", 0.1),
    ):
        assert session.log(address, *values) == []
    target = session.dispatcher.fast_paths[padded("/fader") + padded(",f")]
    session.dispatcher.set_number(target, 0.9, session.peer)
    assert heard == [
        ("/new", (0.5,)),
        ("/newer", (0.25, 0.75)),
        ("/newer", ()),
        ("/fader", (0.3,)),
        ("/pad", (1,)),
        ("/fader", (0.9,)),
    ]
