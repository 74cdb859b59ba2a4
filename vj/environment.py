"""The environment that vj runs in: whether it can be used, made anew where it cannot, one launch at
a time. Standard library only, as launch.py, whose part it is."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from vj.install_plan import read
from vj.installing import (
    PYTHON,
    InstallError,
    half_gone,
    log,
    python_of,
    run_or_raise,
    sites_of,
)

LOCK = "launch.lock"


def read_config(venv: Path) -> dict[str, str]:
    """pyvenv.cfg as a dictionary; empty when there is none."""
    pairs = (line.partition("=") for line in read(venv / "pyvenv.cfg").splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def flaw(venv: Path) -> str:
    """Why this environment cannot be used (half made, or its Python is gone); an empty string when
    it can."""
    config = read_config(venv)
    version = re.match(r"3\.(\d+)", config.get("version", ""))
    if not version:
        return "no pyvenv.cfg"
    if not python_of(venv).exists():
        return "no python in it"
    if int(version[1]) < 11 or (
        version[0] != PYTHON and not os.path.exists(config.get("executable", ""))
    ):
        return f"its Python {version[0]} is too old or gone"
    return ""


def version_of(venv: Path) -> tuple[int, int]:
    """The Python of an environment without flaws."""
    major, minor = read_config(venv)["version"].split(".")[:2]
    return int(major), int(minor)


def take(lock: BinaryIO) -> bool:
    """Whether this process now holds the lock; the system frees it when the last holder ends,
    however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.set_inheritable(
                lock.fileno(), True
            )  # a pip that outlives a killed launch.py keeps the next one waiting
    except OSError as problem:
        return not isinstance(
            problem, (BlockingIOError, PermissionError)
        )  # others: a file system without locks
    return True


@contextlib.contextmanager
def alone(venv: Path) -> Iterator[None]:
    """One launch at a time changes the environment."""
    venv.mkdir(exist_ok=True)
    with open(venv / LOCK, "a+b") as lock:
        if not take(lock):
            log("another launch.py is preparing .venv: waiting for it")
            while not take(lock):
                time.sleep(0.2)
        yield


def starts(python: Path) -> bool:
    try:
        return subprocess.run([python, "-c", ""], capture_output=True).returncode == 0
    except OSError:
        return False


def make_environment(venv: Path) -> None:
    """Makes .venv, or makes it anew when it is half made or does not start."""
    reason = flaw(venv)
    if not reason and starts(python_of(venv)):
        return
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise InstallError(
            f"This Python {PYTHON} ({sys.executable}) comes without venv or ensurepip. On Debian "
            "and Ubuntu: sudo apt install "
            f"python{PYTHON}-venv; elsewhere install Python from python.org. Then start again."
        )
    old = [entry for entry in venv.iterdir() if entry.name != LOCK]
    log(f"making .venv anew ({reason or 'its python does not start'})" if old else "making .venv")
    for entry in old:
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    run_or_raise(
        [
            getattr(sys, "_base_executable", sys.executable),
            "-m",
            "venv",
            "--without-pip",
            str(venv),
        ],
        ".venv",
    )


def mend_packages(venv: Path, pins: Iterable[str] = ()) -> None:
    """Removes the traces of interrupted installs, which pip would take for installed packages, and
    of those in pins of which something was deleted; and sees to pip itself."""
    for notes in half_gone(venv, pins).values():
        shutil.rmtree(notes, ignore_errors=True)
    for site in sites_of(venv):
        for entry in (*site.glob("*.dist-info"), *site.glob("~*")):
            if not (entry / "INSTALLER").exists():  # pip writes it after a package's last file
                shutil.rmtree(entry, ignore_errors=True)
    if not [
        *venv.glob("lib/python3*/site-packages/pip-*.dist-info"),
        *venv.glob("Lib/site-packages/pip-*.dist-info"),
    ]:
        log("pip")
        run_or_raise(
            [str(python_of(venv)), "-I", "-m", "ensurepip", "--upgrade", "--default-pip"], "pip"
        )
