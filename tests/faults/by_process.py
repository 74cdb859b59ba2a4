"""What happens to the process: its start, its terminal, its time, its machine."""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time

from tests.faults.by_file import frames_in
from tests.faults.fault import Fault, Skipped, during
from tests.faults.stage import Stage
from vj.control.osc.packet import pack

GAP = frozenset({"gap", "frozen"})
ENDS = 2.0
"""Seconds in which the process is gone after a signal."""
STARTS = 7.0
"""Seconds of the start in which signals come."""
LIMP = 1.5
"""Times as long where the machine has other things to do: what counts is the process's own time."""
HOG = "while True: pass"


def stdout_closed(stage: Stage) -> str:
    """The program that read its lines has ended."""
    read, write = os.pipe()
    stage.begin(out=write, until="")
    os.close(write)
    assert stage.eye is not None
    assert stage.eye.wait(3, 60), "no picture comes"
    os.close(read)
    _complaints(stage, 2.0)
    return _ends(stage)


def stdout_blocked(stage: Stage) -> str:
    """A pipe that nobody reads, as a terminal after Ctrl-S: more is said than it holds."""
    read, write = os.pipe()
    stage.finally_(lambda: os.close(read))
    stage.begin(out=write, until="")
    os.close(write)
    assert stage.eye is not None
    assert stage.eye.wait(3, 60), "no picture comes"
    deadline = time.monotonic() + 60
    while stage.ask("strength") is None:
        assert time.monotonic() < deadline, "OSC does not answer"
    os.set_blocking(read, False)
    while select.select([read], [], [], 0)[0] and len(os.read(read, 65536)) == 65536:
        pass
    for number in range(40):
        stage.save(("x" * 2000 + f"{number}: ") * 20 + "\n")
        _complaints(stage, 0.1)
    begun = time.monotonic()
    stage.save()
    stage.send("/vj/delta", 0.375)
    assert stage.stands("delta", 0.375), "OSC no longer answers"
    assert stage.eye.wait(3, 5), f"the picture: {stage.eye.verdict(begun, time.monotonic())}"
    return _ends(stage)


def _complaints(stage: Stage, seconds: float) -> None:
    """Much that is to be said."""
    for number in during(stage, seconds, 0.01):
        stage.throw(pack(f"/nobody/{number}", [number]))


def _ends(stage: Stage, number: int = signal.SIGTERM, seconds: float = ENDS) -> str:
    assert stage.eye is not None
    assert stage.alive, "it has ended by itself"
    assert stage.eye.wait(3, 8), "no picture comes any more"
    code, took = stage.end(number)
    assert code == 0, f"it ended with {code}"
    assert took < seconds * LIMP, f"it took {took:.1f} s to end"
    return f"the picture goes on; ended in {took:.1f} s"


def stopped(stage: Stage) -> str:
    """SIGSTOP for three seconds, then SIGCONT: as a machine that sleeps."""
    assert stage.process is not None
    os.kill(stage.process.pid, signal.SIGSTOP)
    time.sleep(3)
    os.kill(stage.process.pid, signal.SIGCONT)
    begun = time.monotonic()
    assert stage.eye is not None
    assert stage.eye.wait(3, 5), "no picture came within 5 s"
    return f"the picture is there again after {time.monotonic() - begun:.1f} s"


def clock_set(stage: Stage) -> str:
    """The time of day jumps by an hour ahead, and by two back: seen by Python, since no system
    gives one process a clock of its own."""
    stage.begin(program=("-m", "tests.faults.wrong_clock"))
    assert stage.process is not None
    assert stage.eye is not None
    begun = time.monotonic()
    for number, hours in ((signal.SIGUSR1, 1), (signal.SIGUSR2, -2)):
        os.kill(stage.process.pid, number)
        time.sleep(1.5)
        stage.send("/vj/delta", 0.5 + hours / 10)
        assert stage.stands("delta", 0.5 + hours / 10), "OSC no longer answers"
    seen = stage.eye.verdict(begun, time.monotonic())
    assert not seen.wrong - {"gap"}, f"the picture: {seen}"
    assert seen.gap < 1.5, f"the picture: {seen}"
    return _ends(stage)


def core_eaten(stage: Stage) -> str:
    """Another program takes a core for five seconds."""
    hog = subprocess.Popen([sys.executable, "-c", HOG])
    try:
        time.sleep(5)
    finally:
        hog.kill()
        hog.wait()
    return ""


def files_run_out(stage: Stage) -> str:
    """No more files can be opened: every connection, every save needs one."""
    assert stage.process is not None
    figures = stage.figures()
    if figures is None:
        raise Skipped("this system does not say how many files are open")
    import resource

    _, most = resource.prlimit(stage.process.pid, resource.RLIMIT_NOFILE)
    before = resource.prlimit(stage.process.pid, resource.RLIMIT_NOFILE, (figures.files + 1, most))
    try:
        clients = [stage.connect() for _ in range(20)]
        stage.save(start={**stage.show["start"], "delta": 0.66})
        time.sleep(3)
        for client in clients:
            client.close()
    finally:
        resource.prlimit(stage.process.pid, resource.RLIMIT_NOFILE, before)
    assert stage.stands("delta", 0.66, 8), "the save does not count afterwards"
    assert stage.get("state.json")
    return "what was saved counts as soon as files can be opened"


def killed_while_recording(stage: Stage) -> str:
    """SIGKILL, or a fuse."""
    stage.begin("--sink", f"ndi:{stage.name}", "--sink", "record:night.mp4")
    time.sleep(4)
    assert stage.process is not None
    stage.process.kill()
    stage.process.wait()
    count = frames_in(next(stage.folder.glob("night*")))
    assert count > 3, f"{count} pictures can be played"
    return f"{count} pictures can be played"


def signalled(number: int, stage: Stage, times: int = 2) -> str:
    """At random moments of the start, while it records."""
    if signal.getsignal(number) == signal.SIG_IGN:
        raise Skipped(f"{signal.Signals(number).name} is ignored here, as below nohup")
    chosen = random.Random(f"{number} {time.time()}")
    told = []
    for turn in range(times):
        wait = chosen.uniform(0, STARTS)
        stage.save()
        stage.spawn("--sink", f"record:turn{number}-{turn}.mp4")
        time.sleep(wait)
        assert stage.alive, f"it ended by itself: {stage.said()}"
        code, took = stage.end(number)
        time.sleep(0.1)
        words = f"{signal.Signals(number).name} after {wait:.1f} s: {code} in {took:.1f} s"
        assert took < ENDS * LIMP, f"{words}; {stage.said()[-3:]}"
        # Before Python has come as far as asking for them, signals end it as they end any program.
        assert code in (0, 130, 128 + number, -number), f"{words}; {stage.said()[-3:]}"
        assert "Traceback" not in stage.text(), f"{words}; {stage.said()[-6:]}"
        for path in stage.folder.glob(f"turn{number}-{turn}*"):
            assert path.stat().st_size == 0 or frames_in(path) > 0, (
                f"{words}; {path.name} does not play"
            )
        told.append(f"{words}")
    return "; ".join(told)


def midi_server_gone(stage: Stage) -> str:
    """JACK, which carries MIDI, is ended while it plays."""
    jackd = shutil.which("jackd")
    if jackd is None:
        raise Skipped("no jackd")
    environment = {
        **os.environ,
        "JACK_NO_AUDIO_RESERVATION": "1",
        "JACK_DEFAULT_SERVER": stage.name.replace(" ", "-"),
    }
    server = subprocess.Popen(
        [jackd, "-r", "-d", "dummy", "-r", "48000", "-p", "1024"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(1)
        if server.poll() is not None:
            raise Skipped("jackd does not start here")
        os.environ["JACK_DEFAULT_SERVER"] = environment["JACK_DEFAULT_SERVER"]
        stage.show.update(midi="on", mappings=[{"midi": "cc 7", "to": "strength"}])
        stage.begin()
        del os.environ["JACK_DEFAULT_SERVER"]
        time.sleep(2)
        server.terminate()
        server.wait(5)
        time.sleep(2)
        return _ends(stage)
    finally:
        os.environ.pop("JACK_DEFAULT_SERVER", None)
        if server.poll() is None:
            server.kill()
            server.wait()


def audio_gone(stage: Stage) -> str:
    """There is none: what follows it is silent, and said."""
    stage.show["modulators"] = [
        {"audio": "level", "input": "no such input", "to": "delta", "range": [0, 1]}
    ]
    stage.begin()
    assert stage.waits_for("(?i)audio|silen", 3), (
        f"nobody said that there is no sound: {stage.said()}"
    )
    return _ends(stage)


PROCESS_FAULTS = (
    Fault("core-eaten", "another program takes a core for 5 s", core_eaten),
    Fault("stopped", "the process is stopped for 3 s and goes on", stopped, may=GAP),
    Fault("files-run-out", "no more files can be opened for 3 s", files_run_out),
    Fault("clock-set", "the time of day jumps an hour ahead and two back", clock_set, own=True),
    Fault("stdout-closed", "whoever read its lines has gone", stdout_closed, own=True),
    Fault("stdout-blocked", "nobody reads its lines, and there are many", stdout_blocked, own=True),
    Fault("killed", "SIGKILL while it records", killed_while_recording, own=True),
    Fault(
        "sigterm",
        "SIGTERM at random moments of the start",
        lambda stage: signalled(signal.SIGTERM, stage),
        own=True,
    ),
    Fault(
        "sigint",
        "Ctrl-C at random moments of the start",
        lambda stage: signalled(signal.SIGINT, stage),
        own=True,
    ),
    Fault(
        "sighup",
        "the terminal is closed at random moments of the start",
        lambda stage: signalled(signal.SIGHUP, stage),
        own=True,
    ),
    Fault("midi-gone", "the server that carries MIDI ends", midi_server_gone, own=True),
    Fault("audio-gone", "a sound input that is not there", audio_gone, own=True),
)
