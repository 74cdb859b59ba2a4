"""Runs a part of the tests on one other Python than .venv's, where one is installed: `python
.ci/other_python.py`.

PyTorch is left out, since its builds for another Python may be gigabytes; the tests that need none
of it make up about half: set-up, show files, control, OSC, MIDI, transports. What is installed is
what launch.py would install there, by the same plan.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from vj.install_plan import PART_FILES, part_steps  # noqa: E402

HEAVY = ("torch", "diffusers", "transformers", "accelerate", "peft", "safetensors", "tokenizers")
TESTERS = ("pytest", "pytest-timeout", "psutil", "python-oscquery")
TESTS = (
    *("install", "parameters", "show", "commands/test_devices.py", "control/midi"),
    *("control/test_shipped_mappings.py", "control/osc/test_server.py", "control/test_sequence.py"),
    *("web/test_oscquery.py", "sources/test_ndi_source.py", "sinks/test_ndi_sink.py"),
)
LIMIT = 1500
"""Seconds for all of it."""


def others() -> list[tuple[tuple[int, int], str]]:
    """(version, program) of the other Pythons that vj accepts and that are here, the newest
    first."""
    mine = sys.version_info[:2]
    found: dict[tuple[int, int], str] = {}
    for minor in range(14, 10, -1):
        if (3, minor) == mine:
            continue
        programs = [
            shutil.which(f"python3.{minor}") or "",
            *map(str, Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")),
        ]
        for program in filter(None, programs):
            if (
                subprocess.run(
                    [program, "-c", "import ensurepip, venv"], capture_output=True
                ).returncode
                == 0
            ):
                found.setdefault((3, minor), program)
    return list(found.items())


def lines(name: str) -> list[str]:
    return [
        line
        for line in (ROOT / name).read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]


def main() -> int:
    there = others()
    if not there:
        print("no other Python of 3.11 to 3.14 is installed here: the tests ran on this one only")
        return 0
    began = time.monotonic()
    version, program = there[0]
    with tempfile.TemporaryDirectory() as folder:
        python = str(Path(folder) / "bin" / "python")
        subprocess.run([program, "-m", "venv", folder], check=True)
        core = [line for line in lines("requirements.txt") if line.partition("==")[0] not in HEAVY]
        testers = [
            line for line in lines("requirements-test.txt") if line.partition("==")[0] in TESTERS
        ]
        pins = {name: lines(name) for name in PART_FILES}
        parts = [
            pin
            for step in part_steps(pins, sys.platform, version)[0]
            for pin in step.arguments
            if "==" in pin
        ]
        pip = [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
        ]
        if subprocess.run([*pip, *core, *parts, *testers], timeout=LIMIT / 2).returncode:
            print(
                f"Python {version[0]}.{version[1]} is here, but what vj needs could not be "
                "installed for it"
            )
            return 1
        print(
            f"a part of the tests on Python {version[0]}.{version[1]} "
            f"({time.monotonic() - began:.0f} s to install), without PyTorch"
        )
        files = [f"tests/{name}" for name in TESTS]
        left = LIMIT - (time.monotonic() - began)
        command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
        environment = dict(os.environ)
        environment.pop("VJ_EVERY_PIN", None)  # looked up once is enough
        return subprocess.run(command, cwd=ROOT, timeout=left, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
