"""NDI sources and receivers that go and come."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time

from tests.faults.fault import Fault, Skipped
from tests.faults.stage import Stage
from tests.shows import ROOT

STANDS = frozenset({"frozen"})
SENDER = ROOT / "tests" / "peers" / "ndi_sender.py"


def _sender(name: str, size: str) -> subprocess.Popen[bytes]:
    """One that sends."""
    command = [sys.executable, str(SENDER), name, size, "30", "60"]
    sender = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert sender.stdout is not None
    sender.stdout.readline()
    return sender


def _end(sender: subprocess.Popen[bytes]) -> None:
    sender.kill()
    sender.wait()
    assert sender.stdout is not None
    sender.stdout.close()


def _comes(stage: Stage, size: str, seconds: float = 15.0) -> float:
    """Seconds until pictures of this size come from it. Raises AssertionError."""
    begun = time.monotonic()
    while size not in (state := json.loads(stage.get("state.json"))["status"]["source"]):
        assert time.monotonic() - begun < seconds, f"it does not come: {state}"
        time.sleep(0.1)
    return time.monotonic() - begun


def ndi_source_gone(stage: Stage) -> str:
    """And back, at another size."""
    try:
        import NDIlib  # noqa: F401
    except ImportError:
        raise Skipped("ndi-python is missing") from None
    name = f"vj faults source {os.getpid()} {random.randrange(10**6)}"
    sender = _sender(name, "272x240")
    try:
        since = time.monotonic()
        stage.save(source=f"ndi:{name}", ndi_addresses=["127.0.0.1"])
        assert stage.waits_for("changed: .*source", 15, since)
        _comes(stage, "272x240")
        time.sleep(1)
        _end(sender)
        time.sleep(4)
        sender = _sender(name, "320x200")
        return f"the test card after 3 s; back {_comes(stage, '320x200'):.1f} s after the sender"
    finally:
        _end(sender)


def testcard(stage: Stage) -> None:
    """The source of every other fault."""
    since = time.monotonic()
    stage.show.pop("ndi_addresses", None)
    stage.save(source="testcard")
    stage.waits_for("changed: .*source", 15, since)


def receiver_gone(stage: Stage) -> str:
    """Who looks at it dies, and another one comes."""
    if stage.eye is None or "NDI" not in stage.eye.way:
        raise Skipped("ndi-python is missing")
    watcher = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "peers" / "ndi_watcher.py"), stage.name, "30"],
        stdout=subprocess.PIPE,
    )
    assert watcher.stdout is not None
    line = watcher.stdout.readline()
    watcher.kill()
    watcher.wait()
    watcher.stdout.close()
    if not line:  # libndi answers for all programs of a machine through the one that began first
        raise Skipped(
            "another receiver does not find it, since whichever program answered has ended"
        )
    return "the others play on"


NDI_FAULTS = (
    Fault(
        "ndi-source-gone",
        "the NDI source is killed and comes back at another size",
        ndi_source_gone,
        undo=testcard,
        may=STANDS,
    ),
    Fault("ndi-receiver-gone", "a receiver is killed", receiver_gone),
)
