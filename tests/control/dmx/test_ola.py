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
    assert 9 < found["lost: Art-Net back to the start"] < 60
    assert [line.split(":")[0] for line in found["log"]].count("dmx universe 7") == 2
