"""The one command: prepares .venv beside this file, then hands over to vj.cli.

    python3 launch.py [SHOW] [options]       play
    python3 launch.py test [pytest options]  run the tests

Standard library only. It parses on old Pythons too, so that they get an answer instead of a SyntaxError.
What is done is noted in .venv/launch.json, layer by layer: an interrupted start goes on where it stopped, and a later one only compares.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # not there under PYTHONSAFEPATH

from vj.environment import CUPY, LAYERS, Step, ask_for_card, digest, index_answers, nvidia_smi, plan, read  # noqa: E402

STARTED = time.monotonic()
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
LOCK, STAMP = "launch.lock", "launch.json"
NETWORK = (
    "NewConnectionError|ConnectTimeout|Connection (reset|aborted|broken|refused)|Read ?[Tt]imed? ?out|name resolution|getaddrinfo|"
    "IncompleteRead|ProtocolError|ProxyError|DO NOT MATCH THE HASHES|50[234] Server Error"
)
NEWS = (  # pip's lines that are worth showing
    (r"(?:Collecting|Processing) (?:\S*[/\\])?([^/\\\s]+)", "  {}"),
    (r"\s*Downloading (?:\S*/)?(\S+) \((\d\d+\.\d MB|[\d.]+ GB)\)", "  downloading {} ({})"),
    (r"Building wheel for (\S+)", "  building {}"),
    (r"Installing collected packages", "  writing them into place"),
)
REMEDIES = (  # what pip says -> what helps
    ("No space left|not enough space", "Free some disk (about 3 GB are needed, 9 GB with an NVIDIA card), then start again."),
    ("CERTIFICATE_VERIFY_FAILED|SSLError", "A proxy seems to sign with its own certificate: set PIP_CERT to its file, then start again."),
    (NETWORK, "Check the network (behind a proxy: set HTTPS_PROXY), then start again: it goes on where it stopped."),
    (
        "No matching distribution|not a supported wheel|requires a different Python",
        f"The package index has no build for this Python {PYTHON}. 64-bit Python 3.11 to 3.14 is known to work; Macs need Apple silicon.",
    ),
    ("Permission denied|Access is denied", "Close what still runs from .venv, check that this folder is writable, then start again."),
    ("", "Start again: what is installed is kept. If it fails the same way, delete the folder .venv and start once more."),
)


class Fault(Exception):
    """Something a person can put right; the message says what and how."""


def say(line: str) -> None:
    """A line on stderr with the seconds since the start; stdout is the program's."""
    print(f"{time.monotonic() - STARTED:6.0f} s  {line}", file=sys.stderr, flush=True)


def read_pins(root: Path, goal: str) -> dict[str, list[str]]:
    """The requirements of goal ("play" or "test"): file -> lines without comments and blanks."""
    names = [name for layer, name, _, _ in LAYERS if layer != "tests" or goal == "test"]
    stripped = {name: [line.strip() for line in read(root / name).splitlines()] for name in names}
    return {name: [line for line in lines if line and not line.startswith("#")] for name, lines in stripped.items()}


def python_of(venv: Path, platform: str = sys.platform) -> Path:
    return venv / "Scripts" / "python.exe" if platform == "win32" else venv / "bin" / "python"


def read_config(venv: Path) -> dict[str, str]:
    """pyvenv.cfg as a dictionary; empty when there is none."""
    pairs = (line.partition("=") for line in read(venv / "pyvenv.cfg").splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def flaw(venv: Path) -> str:
    """Why this environment cannot be used (half made, or its Python is gone); an empty string when it can."""
    config = read_config(venv)
    version = re.match(r"3\.(\d+)", config.get("version", ""))
    if not version:
        return "no pyvenv.cfg"
    if not python_of(venv).exists():
        return "no python in it"
    if int(version[1]) < 11 or (version[0] != PYTHON and not os.path.exists(config.get("executable", ""))):
        return f"its Python {version[0]} is too old or gone"
    return ""


def fingerprint(pins: dict[str, list[str]], venv: Path) -> str:
    """Changes when a requirement, the environment's Python, the card or its driver does; costs a few reads, nvidia-smi is not asked."""
    tool = nvidia_smi()
    card = (read(Path("/proc/driver/nvidia/version")), tool, str(os.stat(tool).st_mtime_ns if tool else 0))
    return digest(json.dumps(pins), read_config(venv).get("version", ""), *card, *CUPY.values())


def read_stamp(venv: Path) -> dict[str, dict[str, str]]:
    """What is installed: {"ready": {goal: fingerprint}, "layers": {layer: key}}."""
    try:
        stamp = json.loads(read(venv / STAMP))
        return {"ready": dict(stamp["ready"]), "layers": dict(stamp["layers"])}
    except (ValueError, KeyError, TypeError):
        return {"ready": {}, "layers": {}}


def write_stamp(venv: Path, stamp: dict[str, dict[str, str]]) -> None:
    draft = venv / f"{STAMP}.{os.getpid()}"
    draft.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    os.replace(draft, venv / STAMP)


def fits(venv: Path, goal: str, pins: dict[str, list[str]]) -> bool:
    """Whether nothing is left to do for goal. This is all that a usual start costs."""
    ready = read_stamp(venv)["ready"].get(goal)
    return ready is not None and not flaw(venv) and ready == fingerprint(pins, venv)


def take(lock: BinaryIO) -> bool:
    """Whether this process now holds the lock; the system frees it when the last holder ends, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.set_inheritable(lock.fileno(), True)  # a pip that outlives a killed launch.py keeps the next one waiting
    except OSError as problem:
        return not isinstance(problem, (BlockingIOError, PermissionError))  # others: a file system without locks
    return True


@contextlib.contextmanager
def alone(venv: Path) -> Iterator[None]:
    """One launch at a time changes the environment."""
    venv.mkdir(exist_ok=True)
    with open(venv / LOCK, "a+b") as lock:
        if not take(lock):
            say("another launch.py is preparing .venv: waiting for it")
            while not take(lock):
                time.sleep(0.2)
        yield


def news(line: str) -> str:
    """What a line of pip's means to a person, or an empty string."""
    matches = ((re.match(pattern, line), text) for pattern, text in NEWS)
    return next((text.format(*found.groups()) for found, text in matches if found), "")


def run(command: list[str]) -> tuple[int, list[str]]:
    """Runs a command, shows its steps, returns its exit code and last lines."""
    kept: deque[str] = deque(maxlen=400)
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    with subprocess.Popen(
        command, cwd=ROOT, env={**environment, "PYTHONUNBUFFERED": "1"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", close_fds=False,
    ) as child:  # fmt: skip
        try:
            for line in child.stdout or ():
                kept.append(line.rstrip())
                if said := news(kept[-1]):
                    say(said)
        except BaseException:
            child.terminate()
            raise
    return child.returncode, list(kept)


def insist(command: list[str], title: str) -> None:
    """Runs a command, once more after network trouble, or raises a Fault with its last lines and the remedy."""
    code, said = run(command)
    if code and re.search(NETWORK, "\n".join(said)):
        say("  network trouble: once more")
        code, said = run(command)
    if code:
        remedy = next(remedy for pattern, remedy in REMEDIES if re.search(pattern, "\n".join(said)))
        tail = "\n    ".join(said[-20:])
        raise Fault(f"{title} could not be installed (exit code {code}). The last lines were:\n    {tail}\n{remedy}")


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
        raise Fault(
            f"This Python {PYTHON} ({sys.executable}) comes without venv or ensurepip. On Debian and Ubuntu: sudo apt install "
            f"python{PYTHON}-venv; elsewhere install Python from python.org. Then start again."
        )
    old = [entry for entry in venv.iterdir() if entry.name != LOCK]
    say(f"making .venv anew ({reason or 'its python does not start'})" if old else "making .venv")
    for entry in old:
        shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    insist([getattr(sys, "_base_executable", sys.executable), "-m", "venv", "--without-pip", str(venv)], ".venv")


def mend_packages(venv: Path) -> None:
    """Removes the traces of interrupted installs, which pip would take for installed packages, and sees to pip itself."""
    for site in (*venv.glob("lib/python3*/site-packages"), venv / "Lib" / "site-packages"):
        for entry in (*site.glob("*.dist-info"), *site.glob("~*")):
            if not (entry / "INSTALLER").exists():  # pip writes it after a package's last file
                shutil.rmtree(entry, ignore_errors=True)
    if not [*venv.glob("lib/python3*/site-packages/pip-*.dist-info"), *venv.glob("Lib/site-packages/pip-*.dist-info")]:
        say("pip")
        insist([str(python_of(venv)), "-I", "-m", "ensurepip", "--upgrade", "--default-pip"], "pip")


def pip(venv: Path, *arguments: str) -> list[str]:
    return [str(python_of(venv)), "-P", "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]


def install(venv: Path, steps: list[Step], stamp: dict[str, dict[str, str]]) -> None:
    """Installs the layers that the stamp has not, and notes each as it is done."""
    free = shutil.disk_usage(venv).free
    if free < 1.5e9 and any(step.layer == "torch" for step in steps):
        raise Fault(f"{ROOT} has {free / 1e9:.1f} GB of disk left; about 3 GB are needed (9 GB with an NVIDIA card). Free some first.")
    mend_packages(venv)
    for step in steps:
        say(step.title)
        before = stamp["layers"].get(step.layer, step.key)
        if step.layer == "torch" and before.split()[-1] != step.key.split()[-1]:  # pip takes any build of a version for the same
            insist(pip(venv, "uninstall", "-y", "torch"), "The change of PyTorch's build")
        insist(pip(venv, "install", "--progress-bar", "off", *step.arguments), step.title)
        stamp["layers"][step.layer] = step.key
        write_stamp(venv, stamp)


def prepare(goal: str) -> Path:
    """Makes .venv fit for goal ("play" or "test") and returns its python."""
    venv, pins = ROOT / ".venv", read_pins(ROOT, goal)
    if fits(venv, goal, pins):
        return python_of(venv)
    with alone(venv):
        if not fits(venv, goal, pins):  # another launch may just have done it
            make_environment(venv)
            seen = {reached: fingerprint(read_pins(ROOT, reached), venv) for reached in {"play", goal}}  # what can test can play
            stamp = read_stamp(venv)
            steps, notes = plan(pins, sys.platform, ask_for_card(), index_answers)
            if missing := [step for step in steps if stamp["layers"].get(step.layer) != step.key]:
                say("installing into .venv: once, some minutes")
                install(venv, missing, stamp)
            stamp["ready"].update(seen)
            write_stamp(venv, stamp)
            for line in (*notes, "ready"):
                say(line)
    return python_of(venv)


def hand_over(command: list[str], environment: dict[str, str], replace: bool = os.name != "nt") -> int:
    """Becomes the command; on Windows, where exec returns to the prompt at once, waits for it and returns its exit code."""
    if replace:
        os.execve(command[0], command, environment)
    child = subprocess.Popen(command, env=environment)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # Ctrl-C reached the command too, and it ends by itself


def check_python(version: tuple[int, ...]) -> None:
    if version < (3, 11):
        raise Fault(
            f"vj needs Python 3.11 or newer; this is {version[0]}.{version[1]} ({sys.executable}). Install one from python.org "
            "(Debian, Ubuntu: sudo apt install python3.11 python3.11-venv) and start launch.py with it."
        )


def main(arguments: list[str]) -> int:
    """Prepares and hands over; returns an exit code only when that fails or on Windows."""
    try:
        check_python(sys.version_info[:2])
        testing = arguments[:1] == ["test"]
        python = str(prepare("test" if testing else "play"))
    except Fault as fault:
        print(f"launch.py: {fault}", file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"launch.py: {problem}. Close what runs from {ROOT / '.venv'} and check that it is writable.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("launch.py: stopped. The next start goes on from here.", file=sys.stderr)
        return 130
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    environment.pop("PYTHONHOME", None)
    if testing:
        os.chdir(ROOT)
        return hand_over([python, "-m", "pytest", *arguments[1:]], environment)
    return hand_over([python, "-P", "-m", "vj.cli", *arguments], environment)  # -P: modules in the user's folder stay out of it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
