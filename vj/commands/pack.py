"""`pack SHOW [FOLDER]`: a show with its media and models in one folder, for another machine."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import vj
from vj.core.errors import Fault
from vj.diffusion.model_names import hub_cache, is_painter, pocket_file, translator_folder
from vj.painters.installed import NOT_INSTALLED
from vj.show.load import find_show, load_show
from vj.show.own_shows import how_to_play
from vj.show.packing import Fetched, Pack, Packer
from vj.show.schema import Show

MANIFEST = "pack.json"
ENDING = ".pack"
"""Of the folder's name, where none is said."""
SPARE = 20_000_000
"""Bytes that stay free on the disk."""

Log = Callable[[str], object]


class FetchedHere(Fetched):
    """What is known of models on this machine."""

    def snapshot(self, hub_id: str) -> Path | None:
        folder = hub_cache() / f"models--{hub_id.replace('/', '--')}"
        main = folder / "refs" / "main"
        named = folder / "snapshots" / main.read_text().strip() if main.is_file() else None
        if named is not None and named.is_dir():
            return named
        return max(folder.glob("snapshots/*"), key=lambda one: one.stat().st_mtime, default=None)

    def whole(self, path: Path) -> Path:
        """A trained model is a folder, though its weights alone may be named."""
        if path.is_file() and path in (pocket_file(str(path)), _weights(path)):
            return path.parent
        return path


def _weights(path: Path) -> Path | None:
    folder = translator_folder(str(path))
    return None if folder is None else path


def pack(arguments: Sequence[str], log: Log) -> int:
    """The command. Returns 0, or 1 when --verify finds something wrong. Raises Fault."""
    made = argparse.ArgumentParser(
        prog="launch.py pack",
        description="Put a show with everything that it names (clips, pictures, sounds, models, "
        "LoRAs, included files) into one folder, with paths that hold there. Nothing here is "
        "changed.",
    )
    made.add_argument("show", metavar="SHOW", help="a show file, or a name in mappings/")
    made.add_argument(
        "folder", nargs="?", metavar="FOLDER", type=Path, help=f"a new one (default: SHOW{ENDING})"
    )
    made.add_argument(
        "--dry-run", action="store_true", help="list what would go along, with sizes, and end"
    )
    made.add_argument(
        "--verify",
        action="store_true",
        help="SHOW is a folder that was packed: is everything in it, unchanged?",
    )
    options = made.parse_args(arguments)
    if options.verify:
        return verify(Path(options.show), log)
    path = find_show(options.show)
    found = Packer(path, FetchedHere()).pack()
    show = load_show(path)
    _tell_painters(show, found)
    sizes = found.sizes()
    if options.dry_run:
        for name, size in sizes.items():
            log(f"{_readable(size):>9}  {name}")
    for text in found.stays:
        log(f"not packed: {text}")
    if options.dry_run:
        log(f"{path}: {_counted(sizes)} would be packed")
        return 0
    folder = options.folder or Path(f"{path.stem}{ENDING}")
    write(found, folder)
    log(f"{folder}: {_counted(sizes)}. On the other machine: {how_to_play(folder / found.show)}")
    return 0


def write(found: Pack, folder: Path) -> None:
    """Write a pack into a new folder, which is there whole or not at all. Raises Fault."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Fault(f"{folder}: is there already, and nothing is written over; name a new folder")
    part = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        needed = sum(found.sizes().values())
        free = shutil.disk_usage(part).free
        if free < needed + SPARE:
            raise Fault(
                f"{folder}: {_readable(needed)} would be written, and {_readable(free)} are free; "
                "name a folder on another disk"
            )
        files: dict[str, dict[str, Any]] = {}
        for name, path in sorted(found.files.items()):
            files[name] = _copied(path, part / name)
        for name, raw in sorted(found.texts.items()):
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            (part / name).write_bytes(raw)
            files[name] = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
        told = {"vj": vj.__version__, "show": found.show, "files": files, "stays": found.stays}
        (part / MANIFEST).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        load_show(part / found.show)  # as it will be read there
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
    except OSError as error:
        raise Fault(f"{folder}: cannot be written ({error.strerror or error})") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _copied(path: Path, to: Path) -> dict[str, Any]:
    """Copy a file. Returns what the manifest says of it. Raises OSError."""
    to.parent.mkdir(parents=True, exist_ok=True)
    digest, count = hashlib.sha256(), 0
    with path.open("rb") as read, to.open("wb") as written:
        while block := read.read(1 << 20):
            digest.update(block)
            written.write(block)
            count += len(block)
    shutil.copystat(path, to)
    return {"bytes": count, "sha256": digest.hexdigest()}


def verify(folder: Path, log: Log) -> int:
    """Whether a packed folder holds what its manifest says. Returns 0, or 1. Raises Fault."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = dict(told["files"])
    except (OSError, ValueError, KeyError, TypeError):
        raise Fault(
            f"{folder}: has no {MANIFEST} that can be read; name a folder that `launch.py pack` "
            "wrote"
        ) from None
    wrong = 0
    for name, said in files.items():
        path = folder / name
        why = ""
        if not path.is_file():
            why = "is missing"
        elif path.stat().st_size != said["bytes"]:
            why = f"has {path.stat().st_size} bytes, and was packed with {said['bytes']}"
        else:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != said["sha256"]:
                    why = "is not what was packed"
        if why:
            wrong += 1
            log(f"{path}: {why}; copy the folder again")
    if not wrong:
        log(f"{folder}: all {len(files)} files are as they were packed")
    return 1 if wrong else 0


def _tell_painters(show: Show, found: Pack) -> None:
    for model in (show.model, *show.models.values()):
        if is_painter(model.name):
            found.stay(f"model {model.name} comes with a part of vj; there: {_ADD}")


_ADD = NOT_INSTALLED.partition(": ")[2]


def _counted(sizes: dict[str, int]) -> str:
    count = len(sizes)
    return f"{count} file{'s' if count != 1 else ''}, {_readable(sum(sizes.values()))}"


def _readable(size: int) -> str:
    """Bytes in words: 4.1 MB."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
