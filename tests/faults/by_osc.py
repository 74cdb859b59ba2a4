"""What comes in as OSC."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import time

from tests.faults.by_web import PLAYED, panic, posted
from tests.faults.fault import Fault, during
from tests.faults.stage import Stage
from tests.fuzz.osc_packets import Packets
from vj.control.osc.packet import pack
from vj.parameters.table import ROWS


def osc_garbage(stage: Stage) -> str:
    """As the fuzzer makes it, over a real socket."""
    packets = Packets([row for row in ROWS if row.name != "record"], ["/x"], 5, time.time())
    count = 0
    for _ in during(stage, 1.0, 0.0005):
        stage.throw(packets.packet()[0])
        count += 1
    panic(stage)
    assert stage.ask("strength") is not None, "OSC no longer answers"
    return f"{count} packets"


def _flood(stage: Stage, seconds: float, packets: list[bytes]) -> int:
    count = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mapping:
        mapping.connect(("127.0.0.1", stage.osc_port))
        for _ in during(stage, seconds):
            with contextlib.suppress(OSError):
                for packet in packets:
                    mapping.send(packet)
            count += len(packets)
            time.sleep(0.005)
    return count


def flood_known(stage: Stage) -> str:
    """Five faders as quickly as they can be moved."""
    names = ("strength", "delta", "mask/hue", "walk/leg", "seed/mix")
    packets = [pack(f"/vj/{name}", [number / 20], "f") for number in range(20) for name in names]
    count = _flood(stage, 1.0, packets)
    assert stage.moves("delta", 0.125), f"the last value does not stand: {stage.ask('delta')}"
    return f"{count:.0f} messages a second; the last value stands"


def flood_unknown(stage: Stage) -> str:
    packets = [pack(f"/nobody/{number}/knows", [number]) for number in range(100)]
    count = _flood(stage, 1.0, packets)
    assert stage.moves("delta", 0.25)
    return f"{count:.0f} messages a second; a fader works in between"


def bundle_bombs(stage: Stage) -> str:
    """A thousand patterns, many levels, a size that is -4, timetags of other centuries."""
    made = Packets(ROWS[:1], [], 1, time.time())
    many = made.bundled([pack("/vj/m*/[a-z]*", [0.5], "f")] * 1000)
    deep = pack("/vj/delta", [0.5], "f")
    for _ in range(300):
        deep = made.bundled([deep])
    wrong = b"#bundle\0" + struct.pack(">Q", 1) + struct.pack(">i", -4) + b"\0" * 40
    late = (
        b"#bundle\0"
        + struct.pack(">Q", 2**64 - 1)
        + struct.pack(">i", 20)
        + pack("/vj/delta", [0.3], "f")
    )
    for _ in during(stage, 1.5, 0.02):
        for packet in (many, deep, wrong, late):
            stage.throw(packet)
    begun = time.monotonic()
    stage.send("/vj/delta", 0.0625)
    assert stage.stands("delta", 0.0625, 15), "OSC no longer answers"
    return f"a fader sent behind them is received {time.monotonic() - begun:.1f} s later"


def no_numbers(stage: Stage) -> str:
    """For over a second, as a patch that divides by nought does: one line a second is said of what
    cannot be meant."""
    before = stage.ask("strength")
    for _ in during(stage, 1.2, 0.1):
        for value in (float("nan"), float("inf"), -float("inf")):
            for tag, form in (("f", ">f"), ("d", ">d")):
                stage.throw(
                    b"/vj/strength\0\0\0\0," + tag.encode() + b"\0\0" + struct.pack(form, value)
                )
    assert stage.stands("strength", before), "strength has moved"
    return "nothing moves"


def long_texts(stage: Stage) -> str:
    """A prompt of 60,000 letters over OSC, which is what a datagram holds, and of 100,000 over a
    page that takes 64 KB."""
    stage.send("/vj/prompt/a", "gold " * 12_000)
    stage.send("/vj/" + "x" * 60_000, 1)
    body = json.dumps({"name": "prompt/b", "value": "ink " * 25_000}).encode()
    answer = posted(stage, body)
    assert answer.startswith(b"HTTP/1.1 4"), f"the page answered with {answer[:60]!r}"
    assert len(str(stage.ask("prompt/a"))) == 10_000
    return "cut to 10,000 letters; the page refuses the other"


def long_prompts(stage: Stage) -> None:
    """Another one of 10,000 letters, ten times a second."""
    for number in during(stage, 2.0, 0.1):
        stage.send("/vj/prompt/a", f"{number} " + "neon ink gold rain " * 530)


OSC_FAULTS = (
    Fault(
        "osc-garbage",
        "broken packets, as the fuzzer makes them",
        osc_garbage,
        may=PLAYED,
        undo=panic,
        quick=True,
        # What it turns on for the first time is loaded (a mask's network, deck B): up to 100 MB in
        # all. Five more times in one process took 35 MB together.
        grows=160.0,
    ),
    Fault(
        "osc-flood-known",
        "100,000 moves of faders a second, or what a core can send",
        flood_known,
        undo=panic,
    ),
    Fault(
        "osc-flood-unknown",
        "the same of addresses that nobody knows",
        flood_unknown,
        "no such address",
        undo=panic,
        quick=True,
    ),
    Fault(
        "osc-bundle-bombs",
        "a thousand patterns in a bundle, 300 levels, sizes below 0, timetags of another century",
        bundle_bombs,
        undo=panic,
    ),
    Fault("osc-no-numbers", "NaN and infinity", no_numbers, "NaN or infinity", quick=True),
    Fault(
        "long-texts", "texts of 60,000 and of 100,000 letters", long_texts, undo=panic, quick=True
    ),
    Fault(
        "long-prompts",
        "a new prompt of 10,000 letters ten times a second",
        long_prompts,
        undo=panic,
    ),
)
