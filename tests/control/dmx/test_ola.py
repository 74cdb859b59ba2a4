"""OLA, the lighting daemon of others: it plays a show by Art-Net and sACN, and receives its
lamps."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.shows import ROOT, environment
from vj.control.dmx.sender import sacn_is_missing

PROGRAMS = ("olad", "ola_patch", "ip", "unshare", "nsenter", "setpriv")


def lacks() -> str:
    """Why OLA cannot be had in a room of its own here; empty where it can."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"without {', '.join(missing)}: apt install ola iproute2 util-linux"
    if os.geteuid() != 0 or subprocess.run(["unshare", "-n", "true"], check=False).returncode:
        return "network namespaces are root's here"
    return "the package sacn is missing" if sacn_is_missing() else ""


@pytest.mark.long
@pytest.mark.timeout(400)
def test_ola_plays_a_show_and_its_lamps_follow_the_picture() -> None:
    if reason := lacks():
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp())  # of pytest's own folders a daemon that is not root sees none
    try:
        ended = subprocess.run(
            ["unshare", "-n", sys.executable, "-m", "tests.control.dmx.ola_room", str(folder)],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["the show's code"] == 0
    assert found["Art-Net was held"] > 5, "ten seconds, and one; the desk may have paused before"
    lines = [line for line in found["log"] if line.startswith("dmx universe 7:")]
    assert len(lines) % 2 == 0, "it begins and ends in turns, oftener where the machine stalls"
    assert " plays" in lines[0]
    assert all(" is back" in line for line in lines[2::2])
