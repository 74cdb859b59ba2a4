"""Which files a name stands for: the one that is called so, or pictures that are played one after
the other: a folder, `shot_%04d.png`, `shot_####.png`, `shot_*.png`. What is wished of them may
follow, as of a camera: `shot_%04d.png?fps=24`."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

PICTURES = {
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".tif", ".tiff", ".tga"),
    *(".exr", ".hdr", ".pfm", ".dpx", ".jp2", ".j2k", ".avif", ".heic", ".heif"),
    *(".pbm", ".pgm", ".ppm", ".pnm", ".pam", ".qoi", ".sgi"),
}
"""Endings of files that are pictures."""

WILD = re.compile(r"%(?:0?(\d{1,2}))?d|(#{2,})|(\*)")
"""What stands for numbers in a name, or for anything."""

NO_NAME = (OSError, ValueError, RuntimeError)
"""Of names that no file can have: too long, with a NUL, a home of nobody."""

WISHES = re.compile(
    r"(?P<plain>.+?)\?(?:fps=(?P<fps>\d{1,4}(?:\.\d{1,4})?)|alpha=(?P<alpha>straight|premultiplied)|&)+",
    re.DOTALL,
)


class Wished(NamedTuple):
    """A name, and what follows it. rate: frames a second, of a sequence; None where it is not said.
    premultiplied: its colours are multiplied with its alpha."""

    plain: str
    rate: float | None = None
    premultiplied: bool = False


def parted(name: str) -> Wished:
    """What stands after a name with a question mark: `shots/?fps=24`, `a.mov?alpha=premultiplied`.
    Of what is there as it is called nothing does."""
    found = WISHES.fullmatch(name)
    if found is None or exists(name):
        return Wished(name)
    plain, rate = found["plain"], float(found["fps"] or 0)
    sequence = is_pattern(plain) or plain.endswith(("/", "\\")) or _is_folder(plain)
    if found["fps"] is not None and not (sequence and rate > 0):
        return Wished(name)  # a film has a rate of its own
    return Wished(plain, rate or None, found["alpha"] == "premultiplied")


def is_sequence(name: str) -> bool:
    """It names pictures to be played: a folder or a pattern, also with a rate."""
    wished = parted(name)
    return wished.rate is not None or is_pattern(wished.plain) or _is_folder(wished.plain)


def is_pattern(name: str) -> bool:
    """It stands for many files. A file that is called so is that file."""
    path = Path(name)
    return (
        path.suffix.lower() in PICTURES and WILD.search(path.name) is not None and not exists(name)
    )


def is_there(name: str) -> bool:
    """Something can be played: the file, the folder, or a picture that fits a pattern."""
    plain = parted(name).plain
    try:
        return bool(found(local(plain))) if is_pattern(plain) else exists(plain)
    except NO_NAME:
        return False


def local(name: str | Path) -> Path:
    """The path of a name, the home of `~` in it; as it is on the disk where only accents are
    written otherwise (Macs write them apart). Raises RuntimeError for a home of nobody."""
    path = Path(name).expanduser()
    if exists(str(path)):
        return path
    others = (Path(unicodedata.normalize(form, str(path))) for form in ("NFC", "NFD"))
    return next((other for other in others if exists(str(other))), path)


def exists(name: str) -> bool:
    """False also for a name that no file can have."""
    try:
        return Path(name).expanduser().exists()
    except NO_NAME:
        return False


def _is_folder(name: str) -> bool:
    try:
        return local(name).is_dir()
    except NO_NAME:
        return False


def found(path: Path) -> list[Path]:
    """The pictures of a folder, or of a pattern, in the order of the numbers in their names; not
    those that are hidden. Raises OSError where the folder cannot be read."""
    if path.is_dir():
        fits, folder = re.compile(".*", re.DOTALL), path
    else:
        fits, folder = _expression(path.name), path.parent
    files = [
        one
        for one in folder.iterdir()
        if fits.fullmatch(one.name)
        and not one.name.startswith(".")
        and one.suffix.lower() in PICTURES
        and one.is_file()
    ]
    return sorted(files, key=lambda one: (natural(one.name), one.name))


def _expression(name: str) -> re.Pattern[str]:
    parts, at = [], 0
    for wild in WILD.finditer(name):
        parts.append(re.escape(name[at : wild.start()]))
        many = int(wild[1] or 1) if wild[0].startswith("%") else len(wild[0])
        parts.append(".*" if wild[3] else rf"\d{{{many},}}")
        at = wild.end()
    return re.compile("".join([*parts, re.escape(name[at:])]), re.DOTALL)


def natural(name: str) -> list[tuple[int, int | str]]:
    """A key by which 2 comes before 10."""
    parts = re.split(r"([0-9]+)", name)
    return [(0, int(part)) if part.isdecimal() else (1, part.casefold()) for part in parts if part]


def gap(files: list[Path]) -> tuple[int, int] | None:
    """Of files that differ by one number only: how many numbers are missing between, and the first
    of them. None where none is, or where the names are others."""
    numbers = []
    around = None
    for file in files:
        match = re.fullmatch(r"(.*?)([0-9]+)([^0-9]*)", file.name)
        if match is None or (around is not None and around != (match[1], match[3])):
            return None
        around = match[1], match[3]
        numbers.append(int(match[2]))
    missing = numbers[-1] - numbers[0] + 1 - len(set(numbers)) if numbers else 0
    if missing <= 0:
        return None
    first = next(one + 1 for one, two in pairwise(numbers) if two - one > 1)
    return missing, first
