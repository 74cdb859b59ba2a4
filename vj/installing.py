"""Runs pip for launch.py: shows its steps, and says what helps when it fails. Standard library
only."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STARTED = time.monotonic()
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
NETWORK = (
    "NewConnectionError|ConnectTimeout|Connection (reset|aborted|broken|refused)|Read "
    "?[Tt]imed? ?out|name resolution|getaddrinfo|"
    "IncompleteRead|ProtocolError|ProxyError|DO NOT MATCH THE HASHES|50[0234] Server Error|"
    "429 Client Error|SSLEOFError|EOF occurred in violation|read operation timed out"
)
PROGRESS = (  # pip's lines that are worth showing
    (r"(?:Collecting|Processing) (?:\S*[/\\])?([^/\\\s]+)", "  {}"),
    (r"\s*Downloading (?:\S*/)?(\S+) \((\d\d+\.\d MB|[\d.]+ GB)\)", "  downloading {} ({})"),
    (r"Building wheel for (\S+)", "  building {}"),
    (r"Installing collected packages", "  writing them into place"),
)
REMEDIES = (  # what pip says -> what helps
    (
        "No space left|not enough space",
        "Free some disk (about 3 GB are needed, 9 GB with an NVIDIA card), then start again.",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED|SSLError",
        "A proxy seems to sign with its own certificate: set PIP_CERT to its file, then start "
        "again.",
    ),
    (
        NETWORK,
        "Check the network (behind a proxy: set HTTPS_PROXY), then start again: it goes on where "
        "it stopped.",
    ),
    (
        "No matching distribution|not a supported wheel|requires a different Python",
        f"The package index has no build for this Python {PYTHON} here. There are builds for "
        "64-bit Python 3.11 to 3.14 on Linux and "
        "Windows (x86-64) and on Macs with Apple silicon.",
    ),
    (
        "Permission denied|Access is denied",
        "Close what still runs from .venv, check that this folder is writable, then start again.",
    ),
    (
        "",
        "Start again: what is installed is kept. If it fails the same way, delete the folder "
        ".venv and start once more.",
    ),
)


class InstallError(Exception):
    """Something the user can put right; the message says what and how."""


def log(line: str) -> None:
    """A line on stderr with the seconds since the start; stdout is the program's."""
    print(f"{time.monotonic() - STARTED:6.0f} s  {line}", file=sys.stderr, flush=True)


def python_of(venv: Path, platform: str = sys.platform) -> Path:
    return venv / "Scripts" / "python.exe" if platform == "win32" else venv / "bin" / "python"


def pip(venv: Path, *arguments: str) -> list[str]:
    """The command that runs an environment's pip."""
    options = ("--disable-pip-version-check", "--no-input")
    return [str(python_of(venv)), "-P", "-m", "pip", *options, *arguments]


def sites_of(venv: Path) -> list[Path]:
    """Where an environment's packages lie."""
    return [*venv.glob("lib/python3*/site-packages"), venv / "Lib" / "site-packages"]


def half_gone(venv: Path, pins: Iterable[str]) -> dict[str, Path]:
    """Those of the packages in pins (NAME==VERSION) whose files are not all there any more, by
    name: pip's notes of them, by which it takes them for installed."""
    names = {plain(pin.partition("==")[0].partition("[")[0]) for pin in pins if "==" in pin}
    found = {}
    for site in sites_of(venv):
        for notes in site.glob("*.dist-info"):
            name = plain(notes.name.partition("-")[0])
            if name in names and not all(map(os.path.exists, _files_of(notes))):
                found[name] = notes
    return found


def plain(name: str) -> str:
    """A package's name in the one way of writing it that pip compares."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _files_of(notes: Path) -> Iterator[Path]:
    """The files that pip wrote of a package, without what Python makes by itself."""
    try:
        with open(notes / "RECORD", encoding="utf-8", newline="") as record:
            for path, *_ in filter(None, csv.reader(record)):
                if not path.endswith(".pyc"):
                    yield notes.parent / path
    except (OSError, ValueError, csv.Error):
        yield notes / "RECORD"  # not there, or not readable: to be written again


def progress(line: str) -> str:
    """What a line of pip's means to a person, or an empty string."""
    matches = ((re.match(pattern, line), text) for pattern, text in PROGRESS)
    return next((text.format(*found.groups()) for found, text in matches if found), "")


def run(command: list[str]) -> tuple[int, list[str]]:
    """Runs a command, shows its steps, returns its exit code and last lines."""
    kept: deque[str] = deque(maxlen=400)
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME")
    }
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        close_fds=False,
    ) as child:
        try:
            for line in child.stdout or ():
                kept.append(line.rstrip())
                if shown := progress(kept[-1]):
                    log(shown)
        except BaseException:
            child.terminate()
            raise
    return child.returncode, list(kept)


def run_or_raise(command: list[str], title: str) -> None:
    """Runs a command, once more after network trouble, or raises InstallError with its last lines
    and the remedy."""
    code, output = run(command)
    if code and re.search(NETWORK, "\n".join(output)):
        log("  network trouble: once more")
        code, output = run(command)
    if code:
        remedy = next(
            remedy for pattern, remedy in REMEDIES if re.search(pattern, "\n".join(output))
        )
        tail = "\n    ".join(output[-20:])
        raise InstallError(
            f"{title} could not be installed (exit code {code}). The last lines were:\n    "
            f"{tail}\n{remedy}"
        )


def reason_of(output: list[str]) -> str:
    """Why an install failed, in a few words: of pip's last lines."""
    text = "\n".join(output)
    if re.search(NETWORK, text):
        return "the network did not answer"
    if re.search(
        "No matching distribution|not a supported wheel|requires a different Python", text
    ):
        return f"the package index has no build for Python {PYTHON} on this system"
    errors = [line for line in output if re.match(r"(ERROR|error): ", line)]
    return (errors or output or ["pip said nothing"])[-1][:200]
