"""The whole instrument from its command line, as a process of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import av
import pytest

from tests.conftest import StartShow
from tests.shows import free_port, movie_frames, run_here, run_vj
from tests.sources.test_sources import write_clip
from tests.waiting import PATIENCE
from vj.core.frame import Size

ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


def test_help_reads_well(tmp_path: Path) -> None:
    done = run_vj(tmp_path, "--help")
    assert done.returncode == 0
    said = " ".join(done.stdout.split())  # lines may end anywhere
    for words in (
        "--source URI",
        "--offline",
        "launch.py check",
        "camera:NAME",
        "counted from the first generated image",
    ):
        assert words in said
    assert max(len(line) for line in done.stdout.splitlines()) <= 130


def test_a_show_is_checked_without_playing(tmp_path: Path) -> None:
    good = run_vj(tmp_path, "check", "first_show")
    assert (good.returncode, "right" in good.stdout) == (0, True)
    (tmp_path / "bad.yaml").write_text("show: Bad\nsiez: 1x1\nstart: {strength: 7}\n")
    bad = run_here(tmp_path, "check", "bad.yaml")
    assert bad.returncode == 1
    assert "bad.yaml:2: " in bad.stderr
    assert "bad.yaml:3: " in bad.stderr
    assert run_here(tmp_path, "check", "frist_show").stderr.count("did you mean first_show") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "strength"], "write it as NAME=VALUE"),
        (["--set", "strenght=1"], "did you mean strength"),
        (["--size", "big"], "WIDTHxHEIGHT"),
        (["--sink", "nid:vj"], "did you mean ndi"),
        (["--source", "missing.mp4", "--model", "none"], "no such file"),
        (["--for", "-1"], "more than 0"),
        (["--osc", "localhost"], "HOST:PORT"),
        (["--offline", "--sink", "ndi:vj"], "needs somewhere to go"),
        (
            ["--offline", "--sink", "record:o.mp4", "--source", "testcard", "--model", "none"],
            "--for 10",
        ),
        (
            ["--offline", "--sink", "record:o.mp4", "--source", "camera", "--model", "none"],
            "is live",
        ),
        (
            [
                "--offline",
                "--sink",
                "record:o.mp4",
                "--source",
                "testcard",
                "--for",
                "1",
                "--model",
                "no/where",
            ],
            "model no/where",
        ),
    ],
)
def test_what_cannot_be_played_is_reported_in_a_line(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    done = run_here(tmp_path, *arguments)
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_what_cannot_be_played_ends_the_process_with_a_code(tmp_path: Path) -> None:
    done = run_vj(tmp_path, "--source", "missing.mp4", "--model", "none")
    assert done.returncode == 1
    assert "no such file" in done.stderr
    assert "Traceback" not in done.stderr


BAD_AT_START = [
    (["--sink", "record:x.avi"], "record:x.avi"),
    (["--sink", "record:"], "needs a path"),
    (["--sink", "record:~nobody-of-this-name/x.mp4"], "cannot be used"),
    (["--sink", "record:" + "y" * 300 + "/"], "can't write"),
    (["--source", "x" * 300 + ".mp4"], "cannot be opened"),
    (["--source", "image:" + "x" * 300 + ".png"], "cannot be read"),
    (["--source", "~nobody-of-this-name/x.mp4"], "cannot be used"),
    (["--source", "a\0b.mp4"], "a"),
    (["--model", "~nobody-of-this-name/x"], "there is no such user"),
    (["--set", "mix/mode=inf"], "mix/mode"),
    (["--set", "strength=" + "9" * 400], "strength"),
    (["--fps", "nan"], "fps"),
    (["x" * 300 + ".yaml"], "no such show file"),
    (["--replay", "x" * 300], "cannot be read"),
]


@pytest.mark.parametrize("live", [False, True], ids=["offline", "live"])
@pytest.mark.parametrize(("arguments", "words"), BAD_AT_START)
def test_whatever_is_asked_at_the_start_is_answered_in_a_line(
    arguments: list[str],
    words: str,
    live: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from vj.cli import main

    monkeypatch.chdir(tmp_path)
    usual = {
        "--model": "none",
        "--source": "testcard",
        "--size": "64x64",
        "--for": "0.1",
        "--osc": "127.0.0.1:0",
        "--sink": "record:o.mp4",
    }
    rest = [
        part
        for option, value in usual.items()
        if option not in arguments
        for part in (option, value)
    ]
    code = main([*arguments, *rest, *([] if live else ["--offline"])])
    report = capsys.readouterr().err
    if live and "can't write" in words:
        assert code == 0, "live a recording that fails leaves the others playing"
    else:
        assert code == 1
    assert words in report
    assert "Traceback" not in report
    assert "please report" not in report


def test_a_fault_that_nobody_thought_of_is_a_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import vj.cli
    import vj.commands.check

    def odd(arguments: list[str]) -> int:
        raise ArithmeticError("two\nlines")

    monkeypatch.setattr(vj.commands.check, "check", odd)
    assert vj.cli.main(["check", "first_show"]) == 1
    report = capsys.readouterr().err
    assert report.startswith("ArithmeticError: two lines (")
    assert report.endswith("; please report this\n")


def length(path: Path) -> float:
    """Seconds to the last picture of a movie, however many a busy machine has made."""
    with av.open(str(path)) as movie:
        return max(float(picture.time or 0) for picture in movie.decode(video=0))


@pytest.mark.long
@POSIX
@pytest.mark.parametrize(
    "numbers",
    [(signal.SIGHUP,), (signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGHUP)],
    ids=str,
)
def test_whichever_way_it_is_ended_the_recording_plays(
    start_show: StartShow, tmp_path: Path, numbers: tuple[int, ...]
) -> None:
    one = start_show(
        "--source", "testcard", "--size", "64x64", "--model", "none", "--sink", "record:out.mp4"
    )
    one.until_playing()
    one.until_recorded("record:out.mp4", 3.0)  # a second signal leaves whole seconds
    for number in numbers:
        one.process.send_signal(number)
        one.until_line("stopping")  # two at once would be one to the system
    one.wait()
    seen = movie_frames(tmp_path / "out.mp4")
    assert length(tmp_path / "out.mp4") > 0.6
    assert seen[-1].shape == (64, 64, 3)


@pytest.mark.long
def test_list_tells_what_is_there_and_why_not(tmp_path: Path) -> None:
    done = run_vj(tmp_path, "list")
    assert done.returncode == 0, done.stderr
    for title in ("cameras", "NDI sources", "computing", "models", "shows", "not installed"):
        assert f"\n{title}\n" in f"\n{done.stdout}"
    assert "pocket" in done.stdout
    assert "first_show" in done.stdout
    if sys.platform != "win32":
        assert "Spout" not in done.stdout, "what this system cannot have is not missing"


def test_a_performance_from_clip_to_recording_played_over_osc(
    start_show: StartShow, tmp_path: Path
) -> None:
    write_clip(tmp_path / "clip.mp4", frames=40, size=Size(128, 128))
    arguments = [
        "--source",
        "clip.mp4",
        "--sink",
        "record:out.mp4",
        "--size",
        "128x128",
        "--fps",
        "12",
        "--json",
        "sum.json",
    ]
    one = start_show(
        "--model",
        "pocket",
        *arguments,
        "--set",
        "prompt/a=molten gold",
        "--set",
        "strength=0.6",
    )
    one.until_playing()
    assert one.status("model")[0].startswith("pocket")
    one.until_recorded("record:out.mp4", 1.0)
    if shutil.which("oscsend"):
        port = str(one.osc_port)
        subprocess.run(["oscsend", "127.0.0.1", port, "/vj/prompt", "s", "deep ocean"], check=True)
    else:
        one.send("/vj/prompt", "deep ocean")
    one.until_value("prompt/a", "deep ocean")
    one.until_recorded("record:out.mp4", one.recorded("record:out.mp4") + 2.0)
    one.end()
    assert one.process.returncode == 0, one.text
    summary = json.loads((tmp_path / "sum.json").read_text())
    seen = movie_frames(tmp_path / "out.mp4")
    assert summary["painted"] > 0
    assert summary["faults"] == 0
    assert summary["sent"]["record:out.mp4"] == len(seen) > 3
    assert summary["osc"]["messages"] > 1
    assert summary["osc"]["ignored"] == 0
    tail = seen[-1].astype(int).mean(axis=(0, 1))
    assert tail[2] > tail[0] + 20, "at the end it is blue"
    warm = max(
        picture.astype(int).mean(axis=(0, 1))[0] - picture.astype(int).mean(axis=(0, 1))[2]
        for picture in seen
    )
    assert warm > 40, "and it was golden before"
    assert "oscsend localhost" in one.text
    assert "sendOSC" in one.text
    assert re.search(r"\d+ frames in [\d.]+ s · [\d.]+ fps · latency \d+/\d+ ms", one.text)


@POSIX
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)]
)
def test_a_signal_ends_it_within_two_seconds_with_the_recording_closed(
    start_show: StartShow, tmp_path: Path, number: int
) -> None:
    one = start_show(
        "--source",
        "testcard",
        "--size",
        "256x256",
        "--model",
        "none",
        "--sink",
        "record:out.mp4",
        "--sink",
        "preview",
        "--json",
        "sum.json",
    )
    one.until_playing()
    one.until_recorded("record:out.mp4", 0.8)
    assert one.end(number) < PATIENCE / 2, one.text
    assert one.process.returncode == 0
    sent = json.loads((tmp_path / "sum.json").read_text())["sent"]["record:out.mp4"]
    assert len(movie_frames(tmp_path / "out.mp4")) == sent > 1
    assert "stopping" in one.text


@POSIX
@pytest.mark.long
def test_killed_the_hard_way_the_recording_still_plays(
    start_show: StartShow, tmp_path: Path
) -> None:
    one = start_show(
        "--source", "testcard", "--size", "256x256", "--model", "none", "--sink", "record:out.mp4"
    )
    one.until_playing()
    one.until_recorded("record:out.mp4", 3.0)
    one.end(signal.SIGKILL)
    assert length(tmp_path / "out.mp4") > 0.6


@pytest.mark.long
def test_two_shows_at_once_both_play(start_show: StartShow) -> None:
    port = free_port()
    arguments = "--source", "testcard", "--model", "none", "--sink", "preview"
    both = [start_show(*arguments, osc_port=port)]
    both[0].until_playing()
    both.append(start_show(*arguments, osc_port=port))
    both[1].until_line("playing with none")  # the port that it hears at is what is asked here
    for one in both:
        one.until_line("stop   Ctrl-C")
    assert f"127.0.0.1:{port}: another program uses this port" in both[1].text
    assert "is used instead" in both[1].text
    pages = [re.search(r"http://127.0.0.1:(\d+)/", one.text) for one in both]
    assert pages[0] is not None
    assert pages[1] is not None
    assert pages[0][1] != pages[1][1]


@pytest.mark.long
def test_a_model_that_is_not_there_leaves_the_input_playing(
    start_show: StartShow, tmp_path: Path
) -> None:
    one = start_show(
        "--source",
        "testcard",
        "--size",
        "256x256",
        "--model",
        "no/such",
        "--sink",
        "record:out.mp4",
        "--json",
        "sum.json",
    )
    one.until_recorded("record:out.mp4", 0.5)
    one.end()
    assert one.process.returncode == 0
    assert "no such" in one.text or "not on this machine" in one.text
    assert "the input is shown untouched" in one.text
    assert json.loads((tmp_path / "sum.json").read_text())["painted"] > 1


@pytest.mark.long
def test_a_size_that_diffusion_cannot_paint_is_rounded_and_logged(
    start_show: StartShow, tmp_path: Path
) -> None:
    one = start_show(
        "--source", "testcard", "--size", "101x70", "--sink", "record:out.mp4", "--for", "0.5"
    )
    assert one.wait() == 0
    assert "size 101x70 is painted as 104x72: diffusion wants multiples of 8" in one.text
    assert movie_frames(tmp_path / "out.mp4")[0].shape == (72, 104, 3)


def test_a_clip_played_once_ends_the_show(start_show: StartShow, tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", frames=10)
    (tmp_path / "once.yaml").write_text(
        "source: clip.mp4\nloop: false\nmodel: none\nsinks: [record:out.mp4]\n"
    )
    one = start_show("once.yaml")
    assert one.wait() == 0


@pytest.mark.parametrize("threads", ["1", pytest.param("2", marks=pytest.mark.long)])
def test_offline_every_frame_once_and_twice_the_same_bytes(
    tmp_path: Path, one_thread: None, monkeypatch: pytest.MonkeyPatch, threads: str
) -> None:
    """Once in a process of its own, once in this one; with several threads of torch, which the
    tests' workers have not, in two processes."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    write_clip(tmp_path / "clip.mp4", frames=9, size=Size(128, 96))
    for name, run in (("a", run_vj), ("b", run_here if threads == "1" else run_vj)):
        arguments = [
            "--source",
            "clip.mp4",
            "--offline",
            "--size",
            "128x96",
            "--set",
            "steps=2",
            "--set",
            "noise/hold=0.7",
            "--set",
            "prompt/a=ice",
            "--threads",
            threads,
        ]
        sinks = ["--sink", f"record:{name}.mp4", "--sink", f"record:{name}/"]
        done = run(tmp_path, *arguments, *sinks, "--json", f"{name}.json")
        assert done.returncode == 0, done.stderr
        summary = json.loads((tmp_path / f"{name}.json").read_text())
        assert (summary["painted"], summary["threads"]) == (9, int(threads))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    first, second = sorted((tmp_path / "a").iterdir()), sorted((tmp_path / "b").iterdir())
    assert len(first) == len(second) == 9
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert len(movie_frames(tmp_path / "a.mp4")) == 9


@pytest.mark.long
@POSIX
def test_a_folder_that_cannot_be_written_stops_the_recording_and_not_the_show(
    start_show: StartShow, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    one = start_show(
        "--source",
        "testcard",
        "--size",
        "256x256",
        "--model",
        "none",
        "--sink",
        "record:file/out.mp4",
        "--sink",
        "preview",
    )
    one.until_line("record:file/out.mp4 failed")
    for _ in range(3):  # seconds, one after the other: it plays on
        one.until_status("fps", lambda fps: fps[0] > 0)
    assert one.alive
    one.end()
    assert one.process.returncode == 0


@pytest.mark.long
def test_a_take_is_recorded_by_a_switch(start_show: StartShow, tmp_path: Path) -> None:
    one = start_show(
        "--source", "testcard", "--size", "256x256", "--model", "none", "--sink", "preview"
    )
    one.until_playing()
    one.send("/vj/record", 1)
    one.until_recorded("record:takes", 0.8)
    one.send("/vj/record", 0)
    one.until_line(r"recorded takes.* \(\d+ frames\)")
    said = re.search(r"recorded takes.* \((\d+) frames\)", one.text)
    (take,) = (tmp_path / "takes").iterdir()
    assert said is not None
    assert len(movie_frames(take)) == int(said[1]) > 1


def test_opencv_says_nothing_of_its_own() -> None:
    """A show that waits for a camera had its lines every three seconds."""
    asked = "import vj.cli, cv2; print(cv2.utils.logging.getLogLevel())"
    bare = {key: value for key, value in os.environ.items() if key != "OPENCV_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", asked],
        env=bare,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "0", "silent"
