"""`launch.py list` names what helps for each thing that is missing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from vj.app import device_names
from vj.commands import devices as listing
from vj.control.midi import ports as midi_ports
from vj.core.errors import Unavailable
from vj.core.fetched import models_folder
from vj.display.monitors import Monitor, numbered
from vj.fetching import CARRIERS, sha256_of
from vj.install_plan import PARTS


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine on which no part is installed; the folder of its environment."""
    monkeypatch.setattr(listing, "has", lambda part: False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        (listing._cameras, "cameras"),
        (listing._ndi, "ndi"),
        (listing._spout, "spout"),
        (listing._syphon, "syphon"),
        (listing._monitors, "display"),
    ],
)
def test_what_is_missing_names_the_command_that_brings_it(
    bare: Path, monkeypatch: pytest.MonkeyPatch, lines: Callable[[], Iterator[str]], part: str
) -> None:
    monkeypatch.setattr(
        sys, "platform", {"spout": "win32", "syphon": "darwin"}.get(part, sys.platform)
    )
    monkeypatch.setattr(sys, "version_info", (3, 12, 0))
    (line,) = lines()
    assert line.endswith(f"python3 launch.py add {part}")


def test_the_painters_are_models_that_are_there_once_they_are_fetched(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def painters() -> list[str]:
        return [line for line in listing._models() if line.startswith(("styles ", "picture "))]

    monkeypatch.setattr(sys, "version_info", (3, 12, 0))
    command = "unavailable: python3 launch.py add painters"
    assert painters() == [f"styles  {command}", f"picture  {command}"]
    monkeypatch.setattr(listing, "has", lambda part: True)
    assert not any("unavailable" in line for line in painters())
    assert len(painters()) == 2


def test_every_part_of_this_machine_that_is_not_installed_is_listed(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "nvidia_smi", lambda: "/usr/bin/nvidia-smi")
    monkeypatch.setattr(sys, "version_info", (3, 12, 0))
    monkeypatch.setattr(sys, "platform", "linux")
    commands = [line.rpartition("launch.py add ")[2] for line in listing._parts()]
    assert commands == [part.name for part in PARTS if part.name not in ("spout", "syphon")]
    assert set(listing.MODULES) == {part.name for part in PARTS}


def test_a_part_that_did_not_install_says_why(bare: Path) -> None:
    failed = {"midi": {"key": "k", "when": 1.0, "why": "the network did not answer"}}
    (bare / "launch.json").write_text(json.dumps({"ready": {}, "layers": {}, "failed": failed}))
    assert "MIDI: the network did not answer; to try it again: python3 launch.py add midi" in list(
        listing._parts()
    )


def test_a_fetched_file_that_is_not_there_any_more_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert "person masks, faces and bodies: python3 launch.py add person" in list(listing._parts())
    content = b"where somebody is"
    person = CARRIERS["person"]._replace(files={"a/mask.tflite": sha256_of(content)})
    monkeypatch.setitem(CARRIERS, "person", person)
    path = models_folder() / "mask.tflite"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert not [line for line in listing._parts() if "add person" in line]
    path.write_bytes(b"somebody else")
    (tmp_path / "launch.json").write_text(
        json.dumps({"ready": {}, "layers": {"person": "key"}, "failed": {}})
    )
    assert (
        "person masks, faces and bodies: mask.tflite: missing or altered: "
        "python3 launch.py add person" in list(listing._parts())
    )


def test_what_has_no_build_is_not_promised(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "version_info", (3, 14, 1))
    (line,) = listing._spout()
    assert "no build for Python 3.14 yet; NDI does the same" in line
    assert "launch.py add" not in line


@pytest.mark.parametrize(
    ("platform", "trouble", "words"),
    [
        ("linux", OSError("ALSA: cannot open"), "ALSA: cannot open; sudo modprobe snd-seq"),
        ("win32", OSError("no driver"), "unavailable: no driver"),
        (
            "linux",
            OSError("no ALSA sequencer: sudo modprobe snd-seq"),
            "unavailable: no ALSA sequencer: sudo modprobe snd-seq",
        ),
    ],
)
def test_a_machine_without_midi_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, platform: str, trouble: OSError, words: str
) -> None:
    def fail() -> list[str]:
        raise trouble

    monkeypatch.setattr(midi_ports, "make_backend", lambda: SimpleNamespace(get_input_names=fail))
    monkeypatch.setattr(sys, "platform", platform)
    (line,) = listing._midi()
    assert words in line
    assert line.count("modprobe") <= 1


def test_midi_without_its_library_and_with_devices(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> object:
        raise ImportError(midi_ports.REMEDY)

    monkeypatch.setattr(midi_ports, "make_backend", none)
    assert list(listing._midi()) == ["unavailable: python3 launch.py add midi"]
    names = ["nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0"]
    monkeypatch.setattr(
        midi_ports, "make_backend", lambda: SimpleNamespace(get_input_names=lambda: names)
    )
    assert list(listing._midi()) == ["nanoKONTROL2:nanoKONTROL2 MIDI 1"]


def test_sound_without_portaudio_and_with_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert list(listing._audio()) == ["unavailable: python3 launch.py add audio"]

    def broken() -> list[dict[str, object]]:
        raise OSError("PortAudio library not found")

    monkeypatch.setitem(sys.modules, "sounddevice", SimpleNamespace(query_devices=broken))
    assert "sudo apt install libportaudio2" in next(listing._audio())
    cards = [
        {"name": "Scarlett", "max_input_channels": 2},
        {"name": "HDMI", "max_input_channels": 0},
    ]
    monkeypatch.setitem(sys.modules, "sounddevice", SimpleNamespace(query_devices=lambda: cards))
    assert list(listing._audio()) == ["input: Scarlett"]


def test_a_card_that_is_not_used_is_told_apart_from_none(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(listing, "nvidia_smi", lambda: "/usr/bin/nvidia-smi")
    assert "built for the CPU; update the driver to 580" in next(listing._devices())
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    assert "restart the machine" in next(listing._devices())
    monkeypatch.setattr(listing, "nvidia_smi", lambda: "")
    assert "no driver of NVIDIA's" in next(listing._devices())


def test_own_shows_are_listed_behind_those_of_vj(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = Path("shows")
    own.mkdir()
    (own / "a.yaml").write_text("show: Mine\n")
    (own / "b.yaml").write_text("shoe: Mine\n")
    (own / "b.yaml.bak").touch()
    lines = list(listing._shows())
    assert lines[0].startswith("artwalk  ")
    assert "room  a room of kiss, crash, mirror" in lines
    assert lines[-2] == f"{own / 'a.yaml'}  Mine"
    assert lines[-1].startswith(f"{own / 'b.yaml'}  faulty: ")


def test_a_camera_is_offered_by_its_name_unless_that_could_mean_another_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(0, "Logitech C920"), (1, "Cam Link"), (2, "Cam Link 4K"), (4, "Cam Link")]
    monkeypatch.setattr(device_names, "list_cameras", lambda: (found, ""))
    names = device_names.cameras()
    assert names == ["camera:Logitech C920", "camera:1", "camera:Cam Link 4K", "camera:4"]


def test_what_cannot_be_looked_for_is_left_out_and_the_rest_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> list[str]:
        raise OSError("no driver")

    monkeypatch.setattr(device_names, "cameras", broken)
    monkeypatch.setattr(device_names, "ndi_senders", lambda: ["ndi:HOST (a)"])
    assert device_names.found_sources()[:2] == ["ndi:HOST (a)", "testcard"]


def test_monitors_are_listed_as_a_show_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    found = numbered(
        [
            ("Built-in", (0, 0, 1440, 900), 60),
            ("BenQ", (1440, 0, 1920, 1080), 60),
            ("EPSON", (3360, 0, 1280, 800), 0),
            ("EPSON 2 window", (9000, 0, 1280, 800), 0),
        ]
    )
    monkeypatch.setattr(listing, "has", lambda part: True)
    monkeypatch.setattr(listing, "list_monitors", lambda: found)
    assert list(listing._monitors())[:2] == [
        "display:1  Built-in 1440x900 60 Hz, at 0,0, the main one",
        "display:2  BenQ 1920x1080 60 Hz, at 1440,0",
    ]
    monkeypatch.setattr(device_names, "list_monitors", lambda: found)
    assert device_names.displays() == [
        "display:Built-in", "display:BenQ", "display:EPSON", "display:4", "display:window",
    ]  # fmt: skip


def test_a_machine_without_a_desktop_lists_no_monitors(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> list[Monitor]:
        raise Unavailable("this machine shows no desktop")

    monkeypatch.setattr(listing, "has", lambda part: True)
    monkeypatch.setattr(listing, "list_monitors", none)
    monkeypatch.setattr(device_names, "list_monitors", none)
    assert list(listing._monitors()) == ["unavailable: this machine shows no desktop"]
    assert device_names.displays() == []
