"""OpenCV's own code for cameras on Linux and ours, with a camera in user space (`fake_camera.c`):
this machine has none, and no kernel module that stands in for one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sources.camera_pictures import COLOURS, sent
from vj.core.frame import Size

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(
    sys.platform != "linux"
    or shutil.which("cc") is None
    or not Path("/usr/include/linux/videodev2.h").exists(),
    reason="wants Linux, a C compiler and the kernel's headers",
)

WEBCAM = """
YUYV 320 240 30
YUYV 640 480 30 15
YUYV 1280 720 10
MJPG 640 480 30
MJPG 1280 720 30 15
"""
FORMS = ("UYVY", "YVYU", "NV12", "NV21", "YU12", "YV12", "GREY", "RGB3", "BGR3", "XR24")

PLAY = """
import json, sys, time
from vj.core.clock import WallClock
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.sources import SourceSettings, camera_rate
from vj.sources.camera import Camera
from tests.sources.camera_pictures import in_quarters

camera_rate.SETTLING, camera_rate.MEASURING = 0.1, 0.3
for address, width, height, fps, seconds in json.load(sys.stdin):
    said = []
    size = Size(width, height)
    camera = Camera(address, SourceSettings(WallClock(), fps=fps, size=size, log=said.append))
    try:
        camera.open()
        begun, count, frame = time.monotonic(), 0, None
        while time.monotonic() - begun < seconds and not said or frame is None:
            got = camera.read()
            frame, count = got or frame, count + (got is not None)
        size, colours = frame.size, in_quarters(frame.pixels)
        words = camera.mode_in_words
        camera.close()
    except Fault as fault:
        count, size, colours, words = 0, (0, 0), [], str(fault)
    played = {"count": count, "size": size, "colours": colours, "mode": words, "said": said}
    print(json.dumps(played))
"""

Played = list[dict[str, Any]]
Wanted = tuple[str, int, int, float, float]
"""An address, the show's size and rate, and for how long."""


class Bench:
    """A camera that has these modes, played in a process of its own."""

    def __init__(self, library: Path, folder: Path, modes: str) -> None:
        self._library, self._folder = library, folder
        folder.mkdir()
        (folder / "modes").write_text(modes.strip() + "\n")
        for line in modes.split("\n"):
            if line.strip():
                form, width, height = line.split()[:3]
                picture = sent(form, Size(int(width), int(height)))
                (folder / f"{form.ljust(4)}-{width}x{height}").write_bytes(picture)

    def play(self, *wanted: Wanted, **environment: str) -> Played:
        done = subprocess.run(
            [sys.executable, "-c", PLAY],
            input=json.dumps(wanted),
            env={
                **os.environ,
                **environment,
                "LD_PRELOAD": str(self._library),
                "FAKE_CAMERA": str(self._folder),
                "PYTHONPATH": str(HERE.parents[1]),
                "OPENCV_LOG_LEVEL": "SILENT",
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("camera") / "camera.so"
    command = ["cc", "-shared", "-fPIC", "-o", str(made), str(HERE / "fake_camera.c")]
    subprocess.run([*command, "-ldl", "-lm"], check=True, timeout=60)
    return made


@pytest.fixture
def webcam(library: Path, tmp_path: Path) -> Bench:
    return Bench(library, tmp_path / "webcam", WEBCAM)


def near(found: list[list[int]]) -> bool:
    return bool(np.abs(np.subtract(found, [*COLOURS.values()])).max() <= 4)


def test_each_show_gets_the_mode_it_needs_and_its_rate(webcam: Bench) -> None:
    small, wide, named = webcam.play(
        ("0", 512, 512, 30, 0.8),
        ("0", 1024, 576, 30, 0.8),
        ("0?size=320x240&fps=30", 512, 512, 15, 0),
    )
    assert small["mode"].startswith("YUYV, ")
    assert wide["mode"].startswith("MJPG, ")
    assert (small["size"], wide["size"]) == ([640, 480], [1280, 720])
    assert named["size"] == [320, 240]
    for played in (small, wide):
        assert played["count"] > 13, "of 24 in 0.8 s; 12 with one buffer, 8 as YUYV"
        assert near(played["colours"])
        assert not any("does not do" in text for text in played["said"])


def test_no_format_exchanges_colours(library: Path, tmp_path: Path) -> None:
    modes = "\n".join(f"{form} 64 48 30" for form in FORMS)
    bench = Bench(library, tmp_path / "all", modes)
    played = bench.play(*((f"0?format={form}", 64, 48, 30, 0) for form in FORMS))
    for form, one in zip(FORMS, played, strict=True):
        assert one["mode"].startswith(form)
        if form == "GREY":
            assert [colour[0] for colour in one["colours"]] == [76, 150, 29, 255]
        else:
            assert near(one["colours"]), form


def test_a_camera_that_exposes_for_longer_says_so_with_the_command(webcam: Bench) -> None:
    (played,) = webcam.play(("0", 512, 512, 30, 1.0), FAKE_CAMERA_RATE="12")
    (said,) = played["said"]
    assert re.fullmatch(r"camera:0 gives (9|1\d) a second of the 30 asked: .*", said)
    assert said.endswith(
        ": its exposure takes longer in low light; more light would help, or v4l2-ctl -d "
        "/dev/video0 -c exposure_dynamic_framerate=0"
    )
    assert played["mode"].endswith(" of 30 a second")


def test_a_format_that_is_slow_is_named_where_somebody_asked_for_it(webcam: Bench) -> None:
    (played,) = webcam.play(("0?size=1280x720&format=YUYV", 512, 512, 30, 1.0))
    (said,) = played["said"]
    assert said.endswith(
        " a second of the 30 asked: it has no more as YUYV at 1280x720; ?format=MJPG or a smaller "
        "?size= after its name may be faster"
    )


def test_a_port_without_room_for_uncompressed_pictures_gets_mjpg(webcam: Bench) -> None:
    (played,) = webcam.play(("0", 512, 512, 30, 0), FAKE_CAMERA_FULL="YUYV")
    assert played["mode"].startswith("MJPG")
    assert near(played["colours"])
    (refused,) = webcam.play(("0?format=YUYV", 512, 512, 30, 0), FAKE_CAMERA_FULL="YUYV")
    assert "gives no picture" in refused["mode"]
