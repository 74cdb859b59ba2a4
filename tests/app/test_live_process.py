"""A show that is played, saved while it plays, written down as a take and rendered again, as
processes of their own."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

from tests.conftest import StartShow
from tests.shows import ShowPeer, environment, free_port, movie_frames, run_here, run_vj
from tests.waiting import PATIENCE, until
from vj.control.takes import Take
from vj.parameters.table import TABLE

SHOW = """\
# My show
show: Mine
model: none
source: testcard
size: 128x128
sinks: [record:live.mp4]
start: {picture/saturation: 1.0, output/blackout: 0}
macros:
  pedal: {attack: 0.2 s, release: 0.4 s, drives: {output/blackout: [0, 0.6]}}
mappings:
  - {osc: /push, to: pedal}
cues:
  - {name: grey, fade: 0.5 s, set: {picture/saturation: 0}}
"""


@pytest.mark.long
def test_a_set_that_was_played_is_rendered_again_frame_by_frame(
    start_show: StartShow, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(SHOW, encoding="utf-8")
    one = start_show("mine.yaml", "--log", "set.take")
    one.until_playing()
    one.until_recorded("record:live.mp4", 0.5)
    one.send("/push", 1.0)
    one.until_value("macro/pedal", 1.0)
    one.until_recorded("record:live.mp4", one.recorded("record:live.mp4") + 0.6)
    one.send("/push", 0.0)
    one.until_value("macro/pedal", 0.0)
    one.until_recorded("record:live.mp4", one.recorded("record:live.mp4") + 0.8)
    one.send("/vj/cue/go")
    one.until_value("picture/saturation", 0.0)
    one.until_recorded("record:live.mp4", one.recorded("record:live.mp4") + 0.8)
    one.end()
    assert one.process.returncode == 0, one.text
    take = Take(tmp_path / "set.take", TABLE)
    assert take.seconds > 1
    for name in ("a.mp4", "b.mp4"):
        done = run_vj(
            tmp_path,
            "mine.yaml",
            "--replay",
            "set.take",
            "--offline",
            "--size",
            "256x144",
            "--sink",
            f"record:{name}",
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes(), (
        "the same bytes each time"
    )
    seen = movie_frames(tmp_path / "a.mp4")
    assert seen[0].shape == (144, 256, 3), "at a size no live run had"
    assert len(seen) == pytest.approx(take.seconds * 30 + 1, abs=2)
    light = np.array([picture.mean() for picture in seen])
    black = np.array([float(take.at("output/blackout", i / 30)) for i in range(len(seen))])  # type: ignore[arg-type]
    assert black.max() == pytest.approx(0.6)
    assert np.corrcoef(light, black)[0, 1] < -0.9, "the pedal is in the picture, on its frames"
    colour = [float(np.ptp(picture.astype(int), axis=2).mean()) for picture in (seen[2], seen[-1])]
    assert colour[0] > 20
    assert colour[1] < 8, "and the cue at the end"


@pytest.mark.long
def test_saving_the_show_applies_what_changed_and_a_fault_keeps_it_running(
    start_show: StartShow, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SHOW, encoding="utf-8")
    one = start_show("mine.yaml")
    one.until_playing()
    assert one.value("picture/saturation") == 1.0
    one.until_recorded("record:live.mp4", 0.5)
    path.write_text(
        SHOW.replace("picture/saturation: 1.0", "picture/saturation: 0.5"), encoding="utf-8"
    )
    one.until_line("the show file was saved; changed: picture/saturation")
    one.until_value("picture/saturation", 0.5)
    path.write_text(SHOW.replace("to: pedal", "to: peddal"), encoding="utf-8")
    one.until_line(r"mine\.yaml:11: peddal: no such parameter; did you mean (macro/)?pedal")
    one.until_line("the running show goes on as it was")
    assert one.value("picture/saturation") == 0.5
    one.send("/vj/picture/saturation", 1.5)
    one.until_value("picture/saturation", 1.5)
    part = tmp_path / "part"
    part.write_text(
        SHOW.replace("picture/saturation: 1.0", "picture/saturation: 0.2, mix/wet: 0.9"),
        encoding="utf-8",
    )
    part.replace(path)  # as editors save that write another file first
    one.until_value("mix/wet", 0.9)
    assert one.value("picture/saturation") == 1.5, "what a hand has moved stays"
    path.write_text(
        SHOW.replace("record:live.mp4", "record:other.mp4").replace("128x128", "64x64"),
        encoding="utf-8",
    )
    one.until_line("changed: .*sinks, size")
    one.until_line("(?s)playing with.*playing with")
    one.until_recorded("record:other", one.recorded("record:other") + 0.5)
    assert one.alive
    one.end()
    assert len(movie_frames(tmp_path / "live.mp4")) > 10
    seen = [movie_frames(path) for path in sorted(tmp_path.glob("other*.mp4"))]
    assert sum(map(len, seen)) > 5
    assert (64, 64, 3) in [one[-1].shape for one in seen], (
        "at another size it goes on in another file"
    )


def test_learn_writes_the_control_that_is_moved(tmp_path: Path) -> None:
    port = free_port()
    path = tmp_path / "mine.yaml"
    path.write_text(f"# mine\nosc: 127.0.0.1:{port}\nmidi: off\n", encoding="utf-8")
    learning = subprocess.Popen(
        [sys.executable, "-P", "-m", "vj.cli", "learn", "mine.yaml", "strength"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    fader = SimpleUDPClient("127.0.0.1", port)
    values = itertools.cycle(range(100))

    def moved() -> bool:
        fader.send_message("/1/fader7", next(values) / 100)
        time.sleep(0.05)  # as a hand moves it
        return learning.poll() is not None

    until(moved)
    assert learning.stdout is not None
    messages = learning.stdout.read()
    learning.stdout.close()
    assert learning.wait(PATIENCE) == 0, messages
    assert "written into mine.yaml: - {osc: /1/fader7, to: strength}" in messages
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# mine\n")
    assert "- {osc: /1/fader7, to: strength}" in text


def test_a_replay_of_nothing_and_of_a_wrong_file_is_reported(tmp_path: Path) -> None:
    for name, words in (("none.take", "cannot be read"), ("wrong.take", "is no take")):
        (tmp_path / "wrong.take").write_text("hello\n", encoding="utf-8")
        done = run_here(
            tmp_path,
            "--model",
            "none",
            "--size",
            "256x256",
            "--source",
            "testcard",
            "--replay",
            name,
            "--offline",
            "--sink",
            "record:a.mp4",
        )
        assert done.returncode == 1
        assert words in done.stderr


def test_a_curve_moves_an_offline_rendering_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "show: Mine\nmodel: none\nsource: testcard\nsize: 64x64\nsinks: [record:out.mp4]\n"
        "curves:\n  - {to: output/blackout, points: [[0, 0], [1 s, 1], [2 s, 0, s-curve]]}\n",
        encoding="utf-8",
    )
    done = run_here(tmp_path, "mine.yaml", "--offline", "--for", "2", "--json", "sum.json")
    assert done.returncode == 0, done.stderr
    light = [float(picture.mean()) for picture in movie_frames(tmp_path / "out.mp4")]
    assert len(light) == json.loads((tmp_path / "sum.json").read_text())["painted"] == 60
    assert light[30] < 20 < light[0]
    assert light[15] == pytest.approx(light[0] / 2, rel=0.2)


def test_an_old_patch_is_answered_where_it_listens(start_show: StartShow, tmp_path: Path) -> None:
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(PATIENCE)
        (tmp_path / "old.yaml").write_text(
            "include: aliases/streamdiffusiontd\nmodel: none\nsource: testcard\nsize: "
            "64x64\nsinks: [record:out.mp4]\n"
            f"osc: {{listen: 127.0.0.1:{port}, reply: 127.0.0.1:{listener.getsockname()[1]}}}\n",
            encoding="utf-8",
        )
        one = start_show("old.yaml", osc_port=None)
        one.until_line("playing with")  # what is asked over OSC is told to the old patch
        one.osc_port = port
        one.send("/prompt", "a sea")
        one.send("/num_inference_steps", 50)
        one.send("/get_status")
        heard: dict[str, list[object]] = {}
        while not (
            {"/stream-info/fps", "/framecount", "/server_active"} <= set(heard)
            and heard.get("/vj/prompt/a") == ["a sea"]
        ):
            message = OscMessage(listener.recv(65536))
            heard[message.address] = message.params
        assert heard["/server_active"] == [1]
        assert isinstance(heard["/stream-info/fps"][0], float)
        assert isinstance(heard["/framecount"][0], int)
        assert heard["/vj/prompt/a"] == ["a sea"]
        assert "/vj/error" not in heard
    one.end()


def test_a_take_is_begun_and_ended_by_osc(start_show: StartShow, tmp_path: Path) -> None:
    one = start_show(
        "--model", "none", "--size", "256x256", "--source", "testcard", "--sink", "record:out.mp4"
    )
    one.until_playing()
    one.send("/vj/take/start")
    one.until_line("the take is written into takes")
    one.until_recorded("record:out.mp4", one.recorded("record:out.mp4") + 0.3)
    one.send("/vj/noise/hold", 0.25)
    one.until_value("noise/hold", 0.25)
    one.until_recorded("record:out.mp4", one.recorded("record:out.mp4") + 0.3)
    one.send("/vj/take/stop")
    one.until_line(r"the take is in takes")
    one.end()
    (path,) = (tmp_path / "takes").glob("*.take")
    take = Take(path, TABLE)
    assert take.at("noise/hold", 0.0) == 1.0
    assert take.at("noise/hold", take.seconds) == 0.25


@pytest.mark.skipif(sys.platform == "win32", reason="pty of POSIX")
def test_keys_of_the_terminal_fire_cues(tmp_path: Path) -> None:
    import os
    import pty
    import select

    port = free_port()
    (tmp_path / "mine.yaml").write_text(
        "model: none\nsource: testcard\nsize: 64x64\nsinks: [record:out.mp4]\n"
        f"osc: 127.0.0.1:{port}\ncues: [{{name: calm}}, {{name: storm}}]\nmappings: "
        f"[{{key: x, to: cue/fire, value: calm}}]\n",
        encoding="utf-8",
    )
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])
        os.execv(
            sys.executable,
            [sys.executable, "-P", "-m", "vj.cli", "mine.yaml", "--log", "keys.take"],
        )
    show, written = ShowPeer(port), b""

    def read_until(words: bytes) -> None:
        def read() -> bool:
            nonlocal written
            if select.select([terminal], [], [], 0.1)[0]:
                written += os.read(terminal, 65536)
            return words in written

        until(read, lambda: written.decode(errors="replace"))

    def press(key: bytes, cue: str) -> None:
        """Press a key, and wait until this cue plays."""
        os.write(terminal, key)
        show.until_status("cue", lambda status: status == [cue])

    try:
        read_until(b"playing with")
        read_until(b"Ctrl-C")  # keys are read from here on
        show.until_status("cue", lambda status: status == [""])
        press(b" ", "calm")
        press(b"\x1b[C", "storm")
        os.write(terminal, b" ")
        read_until(b"no cue after storm")
        press(b"\x1b[D", "calm")
        os.write(terminal, b"\x1b[D")
        read_until(b"no cue before calm")
        os.write(terminal, b"\x03")
        read_until(b"stopping")
        read_until(b"frames in")
        ended, status = os.waitpid(child, 0)
        assert (ended, os.waitstatus_to_exitcode(status)) == (child, 0)
        child = 0
    finally:
        os.close(terminal)
        if child:
            os.kill(child, 9)
            os.waitpid(child, 0)
    assert b"Traceback" not in written
    assert (tmp_path / "keys.take").stat().st_size > 0


def test_slow_in_a_show_makes_more_frames_of_a_clip(tmp_path: Path) -> None:
    from tests.sources.test_sources import write_clip
    from vj.core.frame import Size

    write_clip(tmp_path / "clip.mp4", frames=10, size=Size(64, 64))
    (tmp_path / "mine.yaml").write_text(
        "model: none\nsource: clip.mp4\nsize: 64x64\nslow: 3\nsinks: [record:out.mp4]\n",
        encoding="utf-8",
    )
    done = run_here(tmp_path, "mine.yaml", "--offline")
    assert done.returncode == 0, done.stderr
    assert len(movie_frames(tmp_path / "out.mp4")) == 9 * 3 + 1
