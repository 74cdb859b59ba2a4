"""docs/installation.md: its units, its task and its table of parts are right."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.install.test_launch import launch
from vj.app.signals import AT_ONCE
from vj.commands.options import parser
from vj.install_plan import PARTS

TOP = Path(__file__).resolve().parents[2]
TEXT = (TOP / "docs" / "installation.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


UNITS = blocks("ini")


@pytest.mark.parametrize("unit", UNITS, ids=["user", "system"])
def test_a_unit_starts_a_show_again_when_it_crashed_and_only_then(unit: str) -> None:
    read = configparser.ConfigParser(interpolation=None, strict=True)
    read.optionxform = str  # type: ignore[method-assign,assignment]
    read.read_string(unit)
    service = read["Service"]
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"] == "2"
    assert service["SuccessExitStatus"] == str(AT_ONCE)
    assert read["Unit"]["StartLimitIntervalSec"] == "0", "never given up"
    command = service["ExecStart"].split()
    assert command[1] == f"{service['WorkingDirectory']}/launch.py"
    assert parser().parse_args(command[2:]).resume
    assert set(read["Install"]) == {"WantedBy"}


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is missing: apt install systemd",
)
@pytest.mark.parametrize("unit", UNITS, ids=["user", "system"])
def test_systemd_finds_nothing_wrong_with_a_unit(unit: str, tmp_path: Path) -> None:
    (tmp_path / "vj.service").write_text(
        unit.replace("/usr/bin/python3", "/bin/sh").replace("User=vj\n", "")
    )
    mode = ["--user"] if "%h" in unit else []
    command = ["systemd-analyze", *mode, "verify", "--man=no", str(tmp_path / "vj.service")]
    checked = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
    )
    ours = [line for line in checked.stderr.splitlines() if "vj.service" in line]
    assert ours == []


def test_the_windows_task_is_never_ended_and_starts_the_file_that_starts_the_show() -> None:
    (task,) = blocks("xml")
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    root = ElementTree.fromstring(task)
    assert root.tag == f"{space}Task"
    assert [child.tag.removeprefix(space) for child in root] == [
        "Triggers",
        "Principals",
        "Settings",
        "Actions",
    ]
    assert root.findtext(f"{space}Settings/{space}ExecutionTimeLimit") == "PT0S"
    assert root.findtext(f"{space}Settings/{space}DisallowStartIfOnBatteries") == "false"
    assert root.findtext(f"{space}Actions/{space}Exec/{space}Command") == r"C:\vj\vj.cmd"
    (batch,) = blocks("bat")
    kept = {int(code) for code in re.findall(r"errorlevel% equ (\d+) exit", batch)}
    assert kept == {0, 2, AT_ONCE}
    command = next(line for line in batch.splitlines() if line.startswith("py "))
    assert parser().parse_args(command.split()[3:]).resume


def test_every_part_is_in_the_table() -> None:
    table = TEXT.partition("| part |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (\w+) \| [^|]+ \| ([^|]+) \|", table, re.MULTILINE)
    assert [name for name, _ in rows] == [part.name for part in PARTS]
    for part, (_, packages) in zip(PARTS, rows, strict=True):
        assert all(package in packages for package in part.packages)


def test_the_versions_it_names_are_the_ones_that_are_pinned() -> None:
    pinned = {
        line.partition(";")[0].partition(" ")[0]
        for lines in launch.read_pins(TOP, "test").values()
        for line in lines
    }
    named = set(re.findall(r"[\w-]+==[\w.]+", TEXT))
    assert named
    assert named <= pinned
