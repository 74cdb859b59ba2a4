"""How a show ends, how it goes on after a crash, and how it plays an hour before doors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.waiting import PATIENCE
from vj.app.autosave import Autosave
from vj.app.context import RunState
from vj.app.safe import safe
from vj.app.setup import start_values
from vj.cli import main
from vj.commands.play import autosave
from vj.control.build import make_engine
from vj.control.engine import ControlEngine
from vj.control.takes import TakeWriter
from vj.core import cache
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.parameters.store import Store
from vj.show.load import load_show
from vj.show.reload import ShowFile
from vj.show.schema import Show

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

ENDING = """\
import sys, threading, time
from vj.app.signals import Signals, leave
stop = threading.Event()
with Signals(stop, {limit}):
    print("there", flush=True)
    while not stop.is_set() or {hangs}:
        time.sleep(.01)
leave(0)
"""


def ending(
    limit: str, hangs: bool, before: Callable[[], object] | None = None
) -> subprocess.Popen[str]:
    code = ENDING.format(limit=limit, hangs=hangs)
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "there\n"
    return child


def stopping(child: subprocess.Popen[str]) -> str:
    """Wait until a first signal has been caught. Returns what is written then."""
    assert child.stderr is not None
    return next(line for line in child.stderr if "stopping" in line)


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_for_the_end(number: int) -> None:
    child = ending("None", False)
    child.send_signal(number)
    assert child.wait(PATIENCE) == 0


@POSIX
def test_what_does_not_end_is_ended_within_two_seconds() -> None:
    child = ending("1.0", True)
    begun = time.monotonic()
    child.send_signal(signal.SIGTERM)
    assert child.wait(PATIENCE) == 130
    assert time.monotonic() - begun < PATIENCE / 2, "it hangs for ever"


@POSIX
def test_a_second_signal_ends_it_on_the_spot() -> None:
    child = ending("None", True)
    child.send_signal(signal.SIGINT)
    stopping(child)
    child.send_signal(signal.SIGINT)
    assert child.wait(PATIENCE) == 130


@POSIX
def test_what_nohup_ignores_is_ignored() -> None:
    child = ending("None", False, lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN) and None)
    child.send_signal(signal.SIGHUP)
    child.send_signal(signal.SIGINT)
    assert "Ctrl-C once more" in stopping(child), "the second one is the first that is caught"
    assert child.wait(PATIENCE) == 0


@POSIX
def test_a_held_terminal_does_not_hold_the_end() -> None:
    fill = "(sys.stderr.write('x' * 1000000), sys.stderr.flush())"
    thread = f"threading.Thread(target=lambda: {fill}, daemon=True).start()"
    code = ENDING.format(limit="None", hangs=False).replace("leave(0)", f"{thread}\nleave(0)")
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "there\n"
    begun = time.monotonic()
    child.send_signal(signal.SIGTERM)
    assert child.wait(PATIENCE) == 0, "nobody reads its standard error"
    assert time.monotonic() - begun < PATIENCE / 2, "it is held for ever"


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VJ_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


SHOW = """\
source: testcard
model: none
start: {strength: 0.3}
cues:
  - {name: one, fade: 0, follow: 30, set: {feedback/amount: 0.2}}
  - {name: two, fade: 0, set: {feedback/amount: 0.8}}
  - {name: late, fade: 0, set: {noise/hold: false}}
timeline:
  - {at: 0, cue: one}
  - {at: 100, cue: late}
curves:
  - {to: mix/wet, points: [[0, 0], [200, 1]]}
"""


def run_of(show: Show, waits: bool) -> tuple[Store, ControlEngine]:
    store = Store(start_values(show), show.table())
    engine, _ = make_engine(show, store, live=True, log=lambda text: None)
    engine.timeline.waits = waits
    store.listeners.append(engine.changed)
    store.automation = engine
    return store, engine


def test_a_show_that_crashed_goes_on_where_it_stood(caches: Path, tmp_path: Path) -> None:
    path = tmp_path / "dusk.yaml"
    path.write_text(SHOW)
    show = load_show(path)
    store, engine = run_of(show, False)
    saved = Autosave(path, store)
    for frame in range(1200):
        store.sample(frame / 30)
    store.set("prompt/a", "rain on glass")
    store.set("strength", 0.77)
    store.set("record", True)
    for frame in range(1200, 1210):
        store.sample(frame / 30)
    assert engine.cues.current == "two"
    assert saved.save(engine)
    # Power cut; another process.
    store, engine = run_of(show, True)
    messages: list[str] = []
    assert Autosave(path, store).resume(engine, messages.append)
    assert messages[0].startswith("--resume: it goes on as it stood 0 s ago, cue 'two'")
    store.sample(0.0)
    engine.begin(5.0)
    values = store.sample(5.0)
    assert values["prompt/a"] == "rain on glass"
    assert values["strength"] == pytest.approx(0.77)
    assert values["feedback/amount"] == pytest.approx(0.8)
    assert values["record"] is False, "a recording is not begun by itself"
    assert values["mix/wet"] == pytest.approx(1209 / 30 / 200, abs=1e-3), (
        "the curve goes on where it was"
    )
    assert engine.cues.current == "two", "the timeline's first cue is not fired again"
    for frame in range(1, 1900):
        store.sample(5 + frame / 30)
    assert engine.cues.current == "late", "60 s later, 100 s after the first beginning"


def test_a_show_that_was_sought_goes_on_where_it_stood_and_not_where_it_was_sought(
    caches: Path, tmp_path: Path
) -> None:
    path = tmp_path / "dusk.yaml"
    path.write_text(SHOW)
    store, engine = run_of(load_show(path), False)
    store.sample(0.0)
    store.set("timeline/position", 50.0)
    for frame in range(1, 301):
        store.sample(frame / 30)
    store.set("timeline/pause", True)
    store.sample(301 / 30)
    assert Autosave(path, store).save(engine)
    store, engine = run_of(load_show(path), True)
    assert Autosave(path, store).resume(engine, lambda text: None)
    engine.begin(0.0)
    store.sample(0.0)
    values = store.sample(1.0)
    assert values["mix/wet"] == pytest.approx(60 / 200, abs=1e-3)
    assert engine.timeline_position() == (pytest.approx(60, abs=0.1), pytest.approx(120), "paused")


def test_a_cue_that_a_pad_fired_is_not_fired_again(caches: Path, tmp_path: Path) -> None:
    path = tmp_path / "dusk.yaml"
    path.write_text(SHOW)
    store, engine = run_of(load_show(path), False)
    store.set("cue/store", "mine")
    store.set("cue/fire", "one")
    store.sample(1.0)
    store.set("cue/go", True)
    for frame in range(2, 5):
        store.sample(float(frame))
    store.set("feedback/amount", 0.5)
    store.sample(5.0)
    assert Autosave(path, store).save(engine)
    store, engine = run_of(load_show(path), True)
    assert Autosave(path, store).resume(engine, lambda text: None)
    engine.begin(0.0)
    values = [store.sample(time) for time in (0.0, 1.0, 2.0)][-1]
    assert (engine.cues.current, "mine" in engine.cues.cues) == ("two", False)
    assert values["feedback/amount"] == pytest.approx(0.5)


def test_a_follower_comes_after_a_crash_too(caches: Path, tmp_path: Path) -> None:
    path = tmp_path / "dusk.yaml"
    path.write_text(SHOW)
    show = load_show(path)
    store, engine = run_of(show, False)
    for frame in range(60):
        store.sample(frame / 30)
    assert Autosave(path, store).save(engine)
    store, engine = run_of(show, True)
    assert Autosave(path, store).resume(engine, lambda text: None)
    engine.begin(0.0)
    for frame in range(31 * 30):
        store.sample(frame / 30)
    assert engine.cues.current == "two"


def test_while_the_model_loads_the_state_of_the_run_before_is_kept(
    caches: Path, tmp_path: Path
) -> None:
    path = tmp_path / "dusk.yaml"
    path.write_text(SHOW)
    store, engine = run_of(load_show(path), False)
    for frame in range(600):
        store.sample(frame / 30)
    assert Autosave(path, store).save(engine)
    store, engine = run_of(load_show(path), True)
    state = Autosave(path, store)
    assert state.resume(engine, lambda text: None)
    run = RunState(load_show(path))
    loading = SimpleNamespace(run_state=run, session=SimpleNamespace(engine=engine))
    autosave(loading, state)  # type: ignore[arg-type]
    saved = json.loads(next(caches.rglob("*.json")).read_text())
    assert saved["timeline"][0] == pytest.approx(599 / 30, abs=0.01)
    engine.begin(0.0)
    store.sample(1.0)
    run.playing_since = 0.0
    autosave(loading, state)  # type: ignore[arg-type]
    saved = json.loads(next(caches.rglob("*.json")).read_text())
    assert saved["timeline"][0] == pytest.approx(599 / 30 + 1, abs=0.01)


def test_the_state_goes_along_when_a_shipped_show_plays_on_from_its_copy(
    caches: Path, tmp_path: Path
) -> None:
    path, copy = tmp_path / "dusk.yaml", tmp_path / "copy.yaml"
    for one in (path, copy):
        one.write_text(SHOW)
    store, engine = run_of(load_show(path), False)
    run = RunState(load_show(path))
    run.playing_since = 0.0
    playing = SimpleNamespace(run_state=run, session=SimpleNamespace(engine=engine))
    state, file = Autosave(path, store), ShowFile(path, None, lambda text: None)
    autosave(playing, state, file)  # type: ignore[arg-type]
    file.path = copy
    autosave(playing, state, file)  # type: ignore[arg-type]
    store, engine = run_of(load_show(path), True)
    assert not Autosave(path, store).resume(engine, lambda text: None)
    assert Autosave(copy, store).resume(engine, lambda text: None)


@pytest.mark.parametrize("what", ["nothing", "ended", "broken", "another show's"])
def test_without_a_state_it_begins_anew_and_says_so(
    caches: Path, tmp_path: Path, what: str
) -> None:
    path, other = tmp_path / "dusk.yaml", tmp_path / "elsewhere" / "dusk.yaml"
    other.parent.mkdir()
    for one in (path, other):
        one.write_text(SHOW)
    store, engine = run_of(load_show(path), True)
    if what != "nothing":
        saved = Autosave(other if what == "another show's" else path, store)
        assert saved.save(engine)
        if what == "ended":
            saved.clear()
        if what == "broken":
            for file in caches.rglob("*.json"):
                file.write_text('{"values": 3, "time": [')
    messages: list[str] = []
    assert not Autosave(path, store).resume(engine, messages.append)
    assert "it begins anew" in messages[0]
    assert store.get("strength") == pytest.approx(0.3)


def test_what_the_show_no_longer_has_is_named(caches: Path, tmp_path: Path) -> None:
    path = tmp_path / "dusk.yaml"
    path.write_text(SHOW)
    store, engine = run_of(load_show(path), False)
    assert Autosave(path, store).save(engine)
    file = next(caches.rglob("*.json"))
    state = json.loads(file.read_text())
    state["values"]["macro/storm"] = 0.4
    state["values"]["strength"] = "high"
    state["cue"], state["timeline"] = "gone", "far"
    file.write_text(json.dumps(state))
    messages: list[str] = []
    assert Autosave(path, store).resume(engine, messages.append)
    assert "no longer in the show: " in messages[0]
    assert "macro/storm" in messages[0]
    assert "strength" in messages[0]


def test_a_state_is_written_only_when_something_changed_and_a_full_disk_is_no_fault(
    caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "still.yaml"
    path.write_text("source: testcard\nmodel: none\n")
    store, engine = run_of(load_show(path), False)
    saved = Autosave(path, store)
    assert saved.save(engine)
    file = next(caches.rglob("*.json"))
    moment = file.stat().st_mtime_ns
    store.sample(3.0)
    assert saved.save(engine)
    assert file.stat().st_mtime_ns == moment

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    store.set("strength", 0.9)
    before = file.read_bytes()
    monkeypatch.setattr(cache.tempfile, "mkstemp", full)
    assert not saved.save(engine)
    assert file.read_bytes() == before, "the state before is still whole"


def test_safe_leaves_out_whatever_may_be_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "loud.yaml"
    path.write_text(
        SHOW + "sinks: ['ndi:loud']\nsize: 320x192\nmidi: {devices: [nano]}\ntempo: {follow: link, "
        "bpm: 96}\n"
        + "modulators: [{to: strength, audio: low, depth: 0.1}]\nmappings: [{midi: cc 1, to: "
        "strength}]\n" + "page: {listen: '127.0.0.1:9081', pin: '271828', faders: [strength]}\n"
    )
    text = path.read_text().replace("source: testcard", "source: ['camera:0', 'ndi:desk']")
    path.write_text(text.replace("model: none", "model: stabilityai/sd-turbo"))
    messages: list[str] = []
    made = safe(load_show(path), messages.append)
    assert made.source == ["ndi:desk"]
    assert made.model.name == "none"
    assert (made.sinks, str(made.size), made.tempo.bpm) == (["ndi:loud"], "320x192", 96)
    assert not any(
        (made.modulators, made.mappings, made.cues, made.timeline, made.curves, made.start)
    )
    assert not made.midi.on
    assert (made.page.listen, made.page.pin) == ("127.0.0.1:9081", "271828")
    assert made.page.faders is None, "one could be a macro, which there is none of now"
    assert made.tempo.follow != "link"
    assert "camera:0 left out, ndi:desk plays" in messages[0]
    path.write_text(SHOW.replace("source: testcard", "source: camera"))
    assert safe(load_show(path), messages.append).source == ["testcard"]


def test_a_thread_that_is_not_the_main_one_may_ask_for_signals_and_gets_none() -> None:
    from vj.app.signals import Signals

    done = threading.Event()

    def other() -> None:
        with Signals(threading.Event()):
            done.set()

    threading.Thread(target=other).start()
    assert done.wait(PATIENCE)


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "0"])
def test_a_time_that_never_comes_is_refused(
    seconds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([f"--for={seconds}", "--model", "none"]) == 1
    assert "--for" in capsys.readouterr().err


def test_a_start_without_a_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--set", "=3"]) == 1
    assert "NAME=VALUE" in capsys.readouterr().err


def test_a_folder_is_no_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dusk.yaml").mkdir()
    assert main([str(tmp_path / "dusk.yaml")]) == 1
    assert "is a folder; name the show file in it" in capsys.readouterr().err


def test_a_model_without_a_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", " "]) == 1
    assert "the name is missing" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
def test_a_take_is_not_written_beside_a_device(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="take /dev/full: cannot be written"):
        TakeWriter(Path("/dev/full"), "dusk", print, lambda: Size(64, 64))
    with pytest.raises(Fault, match="is a folder"):
        TakeWriter(tmp_path, "dusk", print, lambda: Size(64, 64))
    assert not Path("/dev/full-2").exists()
