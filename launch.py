"""The one command: prepares .venv beside this file, then hands over to vj.cli.

    python3 launch.py [SHOW] [options]       play
    python3 launch.py test [pytest options]  run the tests
    python3 launch.py add [NAME ...]         install a part anew, or one that is only installed
                                             when asked for; without names: which there are

Standard library only. It parses on old Pythons too, so that they get an answer instead of a
SyntaxError. What is done is noted in .venv/launch.json, layer by layer: an interrupted start goes
on where it stopped, and a later one only compares. A part that a show can do without (NDI, MIDI,
Spout ...) and that does not install is noted too, and left out for a while.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ALL = ["-n", "3", "--dist", "loadgroup", "--durations", "20"]
"""Of pytest, where nothing else is asked for: all tests, on two cores: a fourth of their time tests
wait for cameras, pages and sound, and another worker computes meanwhile. See tests/conftest.py."""
LONG = "--long"
"""The tests that take long, too."""
sys.path.insert(0, str(ROOT))  # not there under PYTHONSAFEPATH

from vj.environment import (  # noqa: E402
    alone,
    flaw,
    make_environment,
    mend_packages,
    read_config,
    version_of,
)
from vj.fetching import fetch, lost_files  # noqa: E402
from vj.graphics_card import ask_for_card, nvidia_smi  # noqa: E402
from vj.install_plan import (  # noqa: E402
    ADD,
    CUPY,
    FILES,
    PARTS,
    InstallStep,
    digest,
    index_answers,
    plan,
    read,
)
from vj.install_stamp import (  # noqa: E402
    Stamp,
    due,
    note,
    offer,
    read_stamp,
    state_of,
    wanted,
    write_stamp,
)
from vj.installing import (  # noqa: E402
    NETWORK,
    InstallError,
    half_gone,
    log,
    pip,
    python_of,
    reason_of,
    run,
    run_or_raise,
)


def read_pins(root: Path, goal: str) -> dict[str, list[str]]:
    """The requirements of goal ("play" or "test"): file -> lines without comments and blanks."""
    names = [name for name in FILES if name != "requirements-test.txt" or goal == "test"]
    stripped = {name: [line.strip() for line in read(root / name).splitlines()] for name in names}
    return {
        name: [line for line in lines if line and not line.startswith("#")]
        for name, lines in stripped.items()
    }


def fingerprint(pins: dict[str, list[str]], venv: Path) -> str:
    """Changes when a requirement, the environment's Python, the card or its driver does; costs a
    few reads, nvidia-smi is not asked."""
    tool = nvidia_smi()
    card = (
        read(Path("/proc/driver/nvidia/version")),
        tool,
        str(os.stat(tool).st_mtime_ns if tool else 0),
    )
    return digest(json.dumps(pins), read_config(venv).get("version", ""), *card, *CUPY.values())


def fits(venv: Path, goal: str, pins: dict[str, list[str]]) -> bool:
    """Whether nothing is left to do for goal. This is all that a usual start costs."""
    stamp = read_stamp(venv)
    ready = stamp["ready"].get(goal)
    return (
        ready is not None
        and not flaw(venv)
        and ready == fingerprint(pins, venv)
        and not any(map(due, stamp["failed"].values()))
    )


def install(venv: Path, steps: list[InstallStep], stamp: Stamp) -> None:
    """Installs the layers that the stamp has not, and notes each as it is done."""
    free = shutil.disk_usage(venv).free
    if free < 1.5e9 and any(step.layer == "torch" for step in steps):
        raise InstallError(
            f"{ROOT} has {free / 1e9:.1f} GB of disk left; about 3 GB are needed (9 GB with an "
            "NVIDIA card). Free some first."
        )
    mend_packages(venv)
    for step in steps:
        log(step.title)
        before = str(stamp["layers"].get(step.layer, step.key))
        if (
            step.layer == "torch" and before.split()[-1] != step.key.split()[-1]
        ):  # pip takes any build of a version for the same
            run_or_raise(pip(venv, "uninstall", "-y", "torch"), "The change of PyTorch's build")
        run_or_raise(pip(venv, "install", "--progress-bar", "off", *step.arguments), step.title)
        note(venv, stamp, step)


def install_parts(venv: Path, steps: list[InstallStep], stamp: Stamp) -> None:
    """Installs what a show can do without: all that need the same options at once, and if that
    fails each by itself. What fails is logged and noted, and nothing else."""
    mend_packages(venv)
    again = any(step.layer in stamp["failed"] for step in steps)
    patience = ("--retries", "0", "--timeout", "5") if again else ()  # a show waits for it
    command = ("install", "--progress-bar", "off", "--only-binary", ":all:", *patience)
    alike = [step for step in steps if "-c" in step.arguments]
    log("once more: " * again + ", ".join(step.title for step in steps))
    if len(alike) > 1:
        pins = [argument for step in alike for argument in step.arguments if "==" in argument]
        code, output = run(pip(venv, *command, "-c", "requirements.txt", *pins))
        offline = re.search(NETWORK, "\n".join(output))
        for step in alike if code == 0 or offline else ():
            conclude(venv, stamp, step, reason_of(output) if code else "", patience)
        steps = [step for step in steps if step not in alike or not (code == 0 or offline)]
    for step in steps:
        code, output = run(pip(venv, *command, *step.arguments))
        conclude(venv, stamp, step, reason_of(output) if code else "", patience)


def conclude(
    venv: Path, stamp: Stamp, step: InstallStep, why: str, patience: tuple[str, ...] = ()
) -> bool:
    """What follows pip: fetches the part's files, notes how all of it went, and says what is
    missing now and what helps. why: the packages did not install; empty where they did. Returns
    whether nothing is missing."""
    part = step.part
    without, instead = f"without {step.title}", part.instead if part else ""
    if step.carrier and "network" not in why:
        fault = fetch(step.layer, step.carrier, venv, patience)
        if part and part.partly and not fault:
            without, instead = f"{step.title} only in part", part.partly
        why = fault or why
    note(venv, stamp, step, why)
    if why:
        log(f"{without}: {why}; {instead}. To try it again: {ADD} {step.layer}")
    return not why


def prepare(goal: str, adding: bool = False) -> Path:
    """Makes .venv fit for goal ("play" or "test") and returns its python. adding: parts are added
    next, so none is offered."""
    venv, pins = ROOT / ".venv", read_pins(ROOT, goal)
    if fits(venv, goal, pins):
        return python_of(venv)
    with alone(venv):
        if not fits(venv, goal, pins):  # another launch may just have done it
            make_environment(venv)
            seen = {
                reached: fingerprint(read_pins(ROOT, reached), venv) for reached in {"play", goal}
            }  # what can test can play
            stamp = read_stamp(venv)
            steps, notes = plan(pins, sys.platform, ask_for_card(), index_answers, version_of(venv))
            missing = [
                step
                for step in steps
                if stamp["layers"].get(step.layer) != step.key and wanted(step, stamp, goal)
            ]
            needed = [step for step in missing if step.part is None]
            if needed:
                log("installing into .venv: once, some minutes")
                install(venv, needed, stamp)
            if parts := [step for step in missing if step.part is not None]:
                install_parts(venv, parts, stamp)
            stamp["failed"] = {
                name: failure
                for name, failure in stamp["failed"].items()
                if name in {step.layer for step in steps}
            }
            stamp["ready"].update(seen)
            offers = offer(steps, stamp) if goal == "play" and not adding else []
            write_stamp(venv, stamp)
            for line in (*(notes if missing else ()), *offers, "ready"):
                log(line)
    return python_of(venv)


def add(names: list[str]) -> int:
    """`add NAME ...`: installs these parts now, whatever was noted, from source too, and fetches
    their files. Without names: says which there are. Returns an exit code; raises InstallError.
    """
    unknown = [name for name in names if name not in {part.name for part in PARTS}]
    if unknown:
        raise InstallError(
            f"{unknown[0]}: no such part. There are {', '.join(part.name for part in PARTS)}."
        )
    prepare("play", adding=bool(names))
    venv = ROOT / ".venv"
    with alone(venv):
        stamp = read_stamp(venv)
        steps, _ = plan(
            read_pins(ROOT, "play"),
            sys.platform,
            ask_for_card(),
            lambda url: False,
            version_of(venv),
        )
        found = {step.layer: step for step in steps if step.part is not None}
        if not names:
            for part in PARTS:
                pins = found[part.name].arguments if part.name in found else ()
                lost = [*half_gone(venv, pins), *lost_files(part.name, str(venv))]
                print(f"{part.name:16} {part.what}: {state_of(part, found, stamp, lost)}")
        whole = True
        for name in names:
            if name not in found:
                part = next(part for part in PARTS if part.name == name)
                raise InstallError(f"{part.what}: {state_of(part, found, stamp)}; {part.instead}.")
            step = found[name]
            mend_packages(venv, step.arguments)
            log(step.title)
            options = ("--progress-bar", "off", "--prefer-binary")
            command = pip(venv, "install", *options, *step.arguments)
            if step.carrier:
                code, output = run(command)
                whole = conclude(venv, stamp, step, reason_of(output) if code else "") and whole
            else:
                run_or_raise(command, step.title)
                note(venv, stamp, step)
        if names and whole:
            log("ready")
    return 0 if whole else 1


def hand_over(
    command: list[str], environment: dict[str, str], replace: bool = os.name != "nt"
) -> int:
    """Becomes the command; on Windows, where exec returns to the prompt at once, waits for it and
    returns its exit code."""
    if replace:
        os.execve(command[0], command, environment)
    both = [getattr(signal, name) for name in ("SIGINT", "SIGBREAK") if hasattr(signal, name)]
    before = [
        signal.signal(number, lambda *_: None) for number in both
    ]  # they reach the command too, and it ends by itself
    try:
        return subprocess.Popen(command, env=environment).wait()
    finally:
        for number, handler in zip(both, before, strict=True):
            signal.signal(number, handler)


def check_python(version: tuple[int, ...]) -> None:
    if version < (3, 11):
        raise InstallError(
            f"vj needs Python 3.11 or newer; this is {version[0]}.{version[1]} "
            f"({sys.executable}). Install one from python.org "
            "(Debian, Ubuntu: sudo apt install python3.11 python3.11-venv) and start launch.py "
            "with it."
        )


def main(arguments: list[str]) -> int:
    """Prepares and hands over; returns an exit code only when that fails or on Windows."""
    try:
        check_python(sys.version_info[:2])
        if arguments[:1] == ["add"]:
            return add(arguments[1:])
        testing = arguments[:1] == ["test"]
        python = str(prepare("test" if testing else "play"))
    except InstallError as fault:
        print(f"launch.py: {fault}", file=sys.stderr)
        return 1
    except OSError as problem:
        print(
            f"launch.py: {problem}. Close what runs from {ROOT / '.venv'} and check that it is "
            "writable.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("launch.py: stopped. The next start goes on from here.", file=sys.stderr)
        return 130
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    environment.pop("PYTHONHOME", None)
    if testing:
        os.chdir(ROOT)
        # Each worker, and each show that a test starts, would compile everything again.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        asked = arguments[1:]
        if asked in ([], [LONG]):
            asked = [*ALL, *asked]
            # Torch's threads in each worker would wait for the cores that the others' have.
            environment.setdefault("OMP_NUM_THREADS", "1")
        return hand_over([python, "-m", "pytest", *asked], environment)
    return hand_over(
        [python, "-P", "-m", "vj.cli", *arguments], environment
    )  # -P: modules in the user's folder stay out of it


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
