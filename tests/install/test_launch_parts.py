"""What a show can do without (NDI, MIDI, Spout ...) is installed part by part: one that cannot be
had costs itself, once, with a line."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.markers import Marker

from tests.install.test_launch import Project, launch
from vj import install_plan, install_stamp
from vj.commands import devices as listing
from vj.fetching import CARRIERS

ROOT = Path(install_plan.__file__).resolve().parent.parent
PINS = launch.read_pins(ROOT, "test")
SYSTEMS = {
    "linux": [f"manylinux_2_{n}_x86_64" for n in (28, 27, 26, 24, 17, 12, 5)]
    + [f"manylinux{n}_x86_64" for n in (2014, 2010, 1)],
    "win32": ["win_amd64"],
    "darwin": ["macosx_14_0_arm64"],
}
"""What pip calls the systems that README promises."""
PYTHONS = [(3, 11), (3, 12), (3, 13), (3, 14)]


# The plan


@pytest.mark.parametrize(
    ("platform", "python", "has", "lacks", "said"),
    [
        (
            "linux",
            (3, 11),
            ["ndi-python==6.3.2.6", "python-rtmidi==1.5.8"],
            ["rtmidi2", "SpoutGL"],
            "",
        ),
        (
            "linux",
            (3, 14),
            ["rtmidi2==1.5.0", "mido==1.3.3"],
            ["python-rtmidi", "SpoutGL", "syphon"],
            "",
        ),
        (
            "win32",
            (3, 13),
            ["SpoutGL==0.1.1", "PyOpenGL==3.1.10", "rtmidi2==1.5.0"],
            ["python-rtmidi"],
            "",
        ),
        (
            "win32",
            (3, 14),
            ["rtmidi2==1.5.0"],
            ["SpoutGL", "PyOpenGL"],
            "Spout has no build for Python 3.14 yet; NDI",
        ),
        ("darwin", (3, 14), ["syphon-python==0.2.0"], ["SpoutGL"], ""),
    ],
)
def test_each_python_on_each_system_gets_the_parts_that_have_a_build_there(
    platform: str, python: tuple[int, int], has: list[str], lacks: list[str], said: str
) -> None:
    steps, notes = install_plan.part_steps(PINS, platform, python)
    pins = [pin for step in steps for pin in step.arguments]
    assert set(has) <= set(pins)
    assert not [pin for pin in pins if pin.partition("==")[0] in lacks]
    assert [note[: len(said)] for note in notes] == ([said] if said else [])


def test_every_pin_belongs_to_a_part_and_every_part_has_pins() -> None:
    listed = [
        line.partition("==")[0]
        for name in (*install_plan.PART_FILES, "requirements-nodeps.txt")
        for line in PINS[name]
    ]
    named = {package for part in install_plan.PARTS for package in part.packages}
    named |= {carrier.package for carrier in CARRIERS.values()}
    assert sorted(listed) == sorted(named)


def test_a_package_has_one_version() -> None:
    """The tests need some of what parts need."""
    pins = {line.partition(";")[0].partition(" ")[0] for lines in PINS.values() for line in lines}
    names = [pin.partition("==")[0] for pin in pins]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("platform", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_markers_are_read_as_pip_reads_them(platform: str, python: tuple[int, int]) -> None:
    texts = {line.partition(";")[2].strip() for lines in PINS.values() for line in lines} - {""}
    texts.update(
        ('python_version >= "3.12" and sys_platform != "darwin"', 'python_version == "3.13"')
    )
    where = {"sys_platform": platform, "python_version": f"3.{python[1]}"}
    for text in texts:
        assert install_plan.holds(text, platform, python) == Marker(text).evaluate(where), text


def test_a_marker_that_is_not_understood_is_no_silent_yes() -> None:
    with pytest.raises(ValueError, match="platform_machine"):
        install_plan.holds('platform_machine == "arm64"', "linux", (3, 12))


def test_what_pip_has_installed_is_found_by_python() -> None:
    """A wheel may be marked for a Python on which it does not load."""
    modules = {
        package: listing.MODULES[part.name]
        for part in install_plan.PARTS
        for package in part.packages
    }
    modules.update({"python-rtmidi": "rtmidi", "rtmidi2": "rtmidi2", "PyOpenGL": "OpenGL"})
    modules.update(
        {"onnxruntime": "onnxruntime", "onnx": "onnx", "ai-edge-litert": "ai_edge_litert"}
    )
    installed = {
        str(package.metadata["Name"]).lower() for package in importlib.metadata.distributions()
    }
    names = {pin.partition("==")[0] for pin in pins_for(sys.platform, sys.version_info[:2])}
    lost = [
        name
        for name in names
        if name.lower() in installed and not importlib.util.find_spec(modules[name])
    ]
    assert not lost


# In a project with a stand-in for pip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "a project")
    made.needs("thing==1\n")
    (made.root / "requirements-parts.txt").write_text(
        "ndi-python==6\nmido==1\nsounddevice==2\naalink==3\n"
    )
    return made


def failures(project: Project) -> dict[str, dict[str, object]]:
    return dict(json.loads((project.venv / install_stamp.STAMP).read_text())["failed"])


def age(project: Project, seconds: float) -> None:
    """As if what failed had failed so long ago."""
    stamp = json.loads((project.venv / install_stamp.STAMP).read_text())
    for failure in stamp["failed"].values():
        failure["when"] -= seconds
    (project.venv / install_stamp.STAMP).write_text(json.dumps(stamp))


def test_a_part_that_cannot_be_installed_costs_that_part_alone(project: Project) -> None:
    code, out, err = project.run(mode="lacks mido")
    assert (code, out.splitlines()[1]) == (0, "argv []"), "it plays"
    said = [line for line in err.splitlines() if "without" in line]
    assert len(said) == 1
    assert re.search(
        r"without MIDI: .*no build for Python 3\.\d+.*; OSC .*launch\.py add midi$", said[0]
    )
    assert set(project.layers()) == {"packages", "ndi", "audio"}

    tried = project.log()
    assert project.run(mode="lacks mido")[2] == "", "not tried, nor said, at every start"
    assert project.log() == tried
    (project.root / "requirements.txt").write_text("thing==2\n")
    assert "without" not in project.run(mode="lacks mido")[2], (
        "nor because something else has changed"
    )
    tried = project.log()

    age(project, 15 * 86400)
    code, _, err = project.run(mode="lacks mido")
    assert (code, err.count("without MIDI")) == (0, 1), "after two weeks once more"
    assert len(project.log()) > len(tried)

    (project.root / "requirements-parts.txt").write_text("ndi-python==6\nmido==2\nsounddevice==2\n")
    assert project.run()[0] == 0
    assert set(project.layers()) == {"packages", "ndi", "audio", "midi"}, (
        "a new version is a new chance"
    )
    assert failures(project) == {}


def test_add_tries_at_once_and_says_what_there_is(project: Project) -> None:
    project.run(mode="lacks sounddevice")
    code, out, _ = project.run("add")
    assert code == 0
    assert re.search(r"audio +sound inputs: could not be installed: .*no build", out)
    assert re.search(r"link +Ableton Link .*: only when asked for", out)
    assert re.search(r"ndi +NDI: installed", out)
    code, _, err = project.run("add", "audio", mode="lacks sounddevice")
    assert code == 1
    assert "No matching distribution found for sounddevice" in err
    assert project.run("add", "audio", "link")[0] == 0
    assert {"audio", "link"} <= set(project.layers())
    assert failures(project) == {}
    code, _, err = project.run("add", "mdi")
    assert (code, "mdi: no such part. There are ndi, midi, " in err) == (1, True)
    code, _, err = (
        project.run("add", "syphon") if sys.platform != "darwin" else project.run("add", "spout")
    )
    assert (code, "no build for this system" in err) == (1, True)


def test_without_a_network_the_parts_are_asked_for_once_and_again_an_hour_later(
    project: Project,
) -> None:
    code, _, err = project.run(mode="offline mido")
    assert (code, len(re.findall("without .*network", err))) == (0, 3)
    assert len([line for line in project.log() if "mido" in line]) == 1, (
        "not one by one, each with its own wait"
    )
    age(project, 1800)
    assert project.run()[2] == ""
    age(project, 1900)
    assert project.run()[0] == 0
    assert set(project.layers()) == {"packages", "ndi", "midi", "audio"}


def test_what_has_to_be_there_still_ends_the_start(project: Project) -> None:
    code, out, err = project.run(mode="lacks -r")
    assert (code, out) == (1, "")
    assert "the packages vj needs could not be installed" in err


# With the package index: one Python on one system with --long, all of them with VJ_EVERY_PIN=1
# (.ci/run sets it)


def combinations() -> Iterator[tuple[str, tuple[int, int]]]:
    every = [(platform, python) for python in PYTHONS for platform in SYSTEMS]
    yield from every if os.environ.get("VJ_EVERY_PIN") else [("win32", (3, 14))]


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("platform", "python"), combinations())
def test_every_pin_has_a_build_for_every_python_and_system(
    platform: str, python: tuple[int, int], tmp_path: Path
) -> None:
    there = [
        "--only-binary",
        ":all:",
        "--implementation",
        "cp",
        "--python-version",
        f"3.{python[1]}",
    ]
    there += [option for name in SYSTEMS[platform] for option in ("--platform", name)]
    pins = pins_for(platform, python)
    if os.environ.get("VJ_EVERY_PIN"):
        torch, *rest = PINS["requirements.txt"]
        name, _, version = torch.partition("==")
        known = ask("index", "versions", name, *there)  # not fetched as the others are: gigabytes
        assert re.search(rf"[:,] {re.escape(version)}\b", known), torch
        pins += rest
    ask("install", "--dry-run", "--no-deps", *there, "--target", str(tmp_path), *pins)


def pins_for(platform: str, python: tuple[int, int]) -> list[str]:
    steps, _ = install_plan.part_steps(PINS, platform, python)
    return [pin for step in steps for pin in step.arguments if "==" in pin]


def ask(*arguments: str) -> str:
    """What pip says. Skips the test where no package index answers."""
    command = [sys.executable, "-m", "pip", *arguments, "--retries", "0"]
    tried = subprocess.run(
        [*command, "--disable-pip-version-check"], capture_output=True, text=True
    )
    said = tried.stdout + tried.stderr
    if tried.returncode and re.search(launch.NETWORK, said):
        pytest.skip("no package index answers here")
    assert tried.returncode == 0, said[-1500:]
    return said
