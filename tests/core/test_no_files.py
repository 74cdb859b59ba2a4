"""What is no file is not read as one: a device has no end, a pipe no writer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vj.core.errors import Fault
from vj.sources.image import read_picture


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
def test_a_device_is_no_picture() -> None:
    with pytest.raises(Fault, match="image:/dev/zero: is no file"):
        read_picture("/dev/zero", "image")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_no_picture_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(Fault, match="is no file"):
        read_picture(tmp_path / "pipe.png", "walk")


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="is a folder; name a file in it"):
        read_picture(tmp_path, "image")
