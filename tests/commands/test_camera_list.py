"""`launch.py list` shows each camera with the modes it has."""

from __future__ import annotations

import json

import pytest

from vj.commands import camera_list
from vj.commands import devices as listing
from vj.core.frame import Size
from vj.sources.camera_modes import Mode

MODES = {
    0: [
        Mode("MJPG", Size(1280, 720), (15.0, 30.0)),
        Mode("YUYV", Size(1280, 720), (10.0,)),
        Mode("YUYV", Size(640, 480), (30.0,)),
        Mode("MJPG", Size(1920, 1080), (30.0,)),
    ],
    3: [],
}


@pytest.fixture
def two_cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(0, "HD Pro Webcam"), (3, "Cam Link")]
    monkeypatch.setattr(camera_list, "list_cameras", lambda: (found, ""))
    monkeypatch.setattr(camera_list, "modes_of", MODES.__getitem__)


def test_a_camera_is_listed_with_its_formats_sizes_and_rates(two_cameras: None) -> None:
    assert list(camera_list.camera_lines()) == [
        "camera:0  HD Pro Webcam",
        "  YUYV 30/s: 640x480",
        "  YUYV 10/s: 1280x720",
        "  MJPG 30/s: 1280x720, 1920x1080",
        "camera:3  Cam Link",
    ]


def test_programs_get_the_same_as_json(two_cameras: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for slow in ("_ndi", "_midi", "_audio", "_monitors", "_devices", "_models", "_shows"):
        monkeypatch.setattr(listing, slow, lambda: iter(["ü"]))
    monkeypatch.setattr(listing, "has", lambda part: True)
    said: list[str] = []
    assert listing.show_list(["--json"], said.append) == 0
    assert "ü" in said[0], "readable by people, too"
    found = json.loads("\n".join(said))
    assert found["cameras"][0] == "camera:0  HD Pro Webcam"
    assert found["not installed"] == ["nothing"]
    modes = found["camera modes"]
    assert modes["camera:3"] == []
    assert modes["camera:0"][0] == {
        "format": "MJPG",
        "width": 1280,
        "height": 720,
        "rates": [15.0, 30.0],
    }


def test_people_get_lines_and_a_misspelt_option_is_answered(
    two_cameras: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for slow in ("_ndi", "_midi", "_audio", "_monitors", "_devices", "_models", "_shows"):
        monkeypatch.setattr(listing, slow, lambda: iter([]))
    monkeypatch.setattr(listing, "has", lambda part: True)
    said: list[str] = []
    listing.show_list([], said.append)
    assert said[:3] == ["cameras", "  camera:0  HD Pro Webcam", "    YUYV 30/s: 640x480"]
    with pytest.raises(SystemExit) as ended:
        listing.show_list(["--jsn"], said.append)
    assert ended.value.code == 2
    assert "--jsn" in capsys.readouterr().err


def test_without_a_camera_what_helps_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_list, "list_cameras", lambda: ([], "no camera is connected"))
    (line,) = camera_list.camera_lines()
    assert line.startswith("none (no camera is connected; ")
    assert camera_list.camera_modes() == {}
