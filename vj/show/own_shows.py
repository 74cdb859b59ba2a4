"""The user's own shows: copies of shipped ones and shows saved as they played, in `shows/` in the
working directory, beside `takes/`. A shipped show is never written to."""

from __future__ import annotations

import contextlib
import re
import shlex
import unicodedata
from pathlib import Path

from ruamel.yaml.comments import CommentedMap

from vj.core import cache
from vj.core.errors import Fault
from vj.show.find import FIRST_SHOW, SHOWS
from vj.show.moved import move_paths
from vj.show.parse import plain_tree, read
from vj.show.paths import LENT
from vj.show.yaml_file import create, open_tree, text_of

SHIPPED = FIRST_SHOW.parent
MOST = 99
"""Copies of one show, at most."""
ADDED = ("mappings", "cues")
"""Sections that learning and stored cues add to."""
LONGEST = 60
"""Letters of a name, at most."""
DEVICES = ("con", "prn", "aux", "nul", "com", "lpt")
"""Names that Windows keeps for devices, with a number behind them or none."""

_NAME = re.compile(r"\w[\w '&+,.()!-]*")


def is_shipped(path: Path) -> bool:
    """Whether a show came with vj."""
    try:
        return path.resolve().is_relative_to(SHIPPED.resolve())
    except OSError:
        return False


def is_lent(path: Path) -> bool:
    """Whether a show is not to be written to: it came with vj, or is there only while it plays."""
    return path.parent in LENT or is_shipped(path)


def walks_folder(path: Path | None) -> Path:
    """Where the key pictures of a show's walks are kept: beside it, or in the user's cache for one
    that is not written to and for none."""
    return (cache.folder() if path is None or is_lent(path) else path.parent) / "walks"


def shown(path: Path) -> str:
    """A show's file as a message names it: `mappings/sketch.yaml`."""
    if path.parent in LENT:
        return path.name
    if not is_shipped(path):
        return str(path)
    return path.resolve().relative_to(SHIPPED.resolve().parent).as_posix()


def own_shows() -> list[Path]:
    """The shows in `shows/`, by name."""
    return sorted(SHOWS.glob("*.yaml"))


def copies(path: Path) -> list[Path]:
    """The user's copies of a shipped show, the one saved last first."""
    found = [one for one in _places(path) if one.is_file()]
    return sorted(found, key=lambda one: one.stat().st_mtime, reverse=True)


def offer(path: Path) -> str:
    """The line that offers the user's copy of a shipped show; "" without one."""
    found = copies(path) if is_shipped(path) else []
    return f"{found[0]} is your copy of it: {how_to_play(found[0])}" if found else ""


def how_to_play(path: Path) -> str:
    """The command that plays a show."""
    return f"python3 launch.py {shlex.quote(str(path))}"


def writable(path: Path, playing: bool = False) -> tuple[Path, str]:
    """The file to write to, and a message about it: a show's own, or a copy of a lent one, made
    unless there is one to go on with. playing: the show plays, and must not change with its file:
    a copy that is another show by now is left alone. Raises Fault."""
    if not is_lent(path):
        return path, ""
    what = "a shipped show" if is_shipped(path) else "the show of a picture"
    for copy in copies(path):
        if not playing or _continues(copy, path):
            return copy, f"{shown(path)} is {what}; your copy of it is {copy}"
    free = next((one for one in _places(path) if not one.exists()), None)
    if free is None:
        raise Fault(f"{SHOWS}/ holds {MOST} copies of {path.name}; remove those you do not need")
    tree, raw = open_tree(path)
    text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    if move_paths(tree, path, free):
        text = text_of(tree, free)
    create(free, f"# A copy of {shown(path)}:  {how_to_play(free)}\n{text}", tree)
    return free, f"{shown(path)} is {what}; a copy was written: {free}"


def _places(path: Path) -> list[Path]:
    """Where copies of a show are."""
    return [
        SHOWS / f"{path.stem}{'' if number == 1 else f'-{number}'}.yaml"
        for number in range(1, MOST + 1)
    ]


def _continues(copy: Path, path: Path) -> bool:
    """Whether a copy is still the same show but for what learning and cues have added."""
    try:
        tree = read(path)
        move_paths(tree, path, copy)
        one, two = plain_tree(read(copy), str(copy)), plain_tree(tree, str(path))
    except Fault:
        return False
    return all(one.get(key) == two.get(key) for key in {*one, *two} if key not in ADDED)


def named(name: object) -> Path:
    """The file of an own show by its name, which is no path. Raises Fault."""
    text = unicodedata.normalize("NFC", name if isinstance(name, str) else "").strip()
    text = re.sub(r"\.ya?ml$", "", text, flags=re.I).rstrip(". ")
    if not text or not _NAME.fullmatch(text) or is_device(text):
        raise Fault(
            f"save as {name!r:.80}: a name is wanted, of letters, digits, spaces and - _ . only, "
            "such as friday night"
        )
    if len(text) > LONGEST:
        raise Fault(f"save as {text[:20]!r}...: a name of at most {LONGEST} letters is wanted")
    return SHOWS / f"{text}.yaml"


def is_device(name: str) -> bool:
    """Whether Windows would take a file of this name for a device."""
    return name.split(".")[0].lower().rstrip("0123456789") in DEVICES


def save_as(tree: CommentedMap, target: Path) -> str:
    """Write a show's tree into its own file. What stood there is kept as NAME.yaml.bak. Returns a
    message. Raises Fault, with nothing changed."""
    text = text_of(tree, target)
    done = f"saved as {target}: {how_to_play(target)}"
    backup, part = target.with_name(f"{target.name}.bak"), target.with_name(f".{target.name}.bak")
    try:
        if not target.exists():
            create(target, text, tree)
            return done
        part.write_bytes(target.read_bytes())
        create(target, text, tree)
        part.replace(backup)
    except OSError as error:
        raise Fault(
            f"{target}: cannot be kept as {backup.name} ({error.strerror}); nothing is written"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return f"{done}; what stood there is kept as {backup}"
