"""What was measured: a JSON file that grows row by row, and the same as Markdown."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import vj
from vj.core.errors import Fault
from vj.core.processor import processor_name
from vj.graphics_card import nvidia_smi

FILE, TABLE = "card.json", "card.md"
SAME = ("device", "torch", "pretended")
"""What the rows of one file have in common."""
ROOT = Path(vj.__file__).parents[1]

Row = dict[str, Any]


def asked(*command: str) -> str:
    """What a program answers; empty where it is not there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd=ROOT)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def version_of(package: str) -> str:
    """As installed; empty where it is not."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def machine(pretended: bool) -> dict[str, Any]:
    """The card and what it is played with."""
    import torch

    card, driver = "", ""
    if torch.cuda.is_available() and not pretended:
        card = torch.cuda.get_device_name()
        smi = nvidia_smi()
        driver = asked(smi, "--query-gpu=driver_version", "--format=csv,noheader") if smi else ""
    cupy = version_of("cupy-cuda13x") or version_of("cupy-cuda12x") or version_of("cupy")
    commit = asked("git", "rev-parse", "--short", "HEAD")
    return {
        "device": card or f"{processor_name()}, {os.cpu_count()} cores",
        "card": card,
        "pretended": pretended,
        "driver": driver,
        "torch": torch.__version__,
        "CUDA": torch.version.cuda or "",
        "cupy": cupy if card else "",
        "diffusers": version_of("diffusers"),
        "streamdiffusion": version_of("streamdiffusion"),
        "vj": vj.__version__,
        "commit": commit + ("+" if asked("git", "status", "--porcelain", "-uno") else ""),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "command": " ".join(sys.argv[1:]),
    }


class Record:
    """Of one card. Whatever ends the program, the rows that were there stay."""

    def __init__(self, folder: Path, here: Mapping[str, Any]) -> None:
        """folder: where its two files lie, or will. here: see `machine`. Raises Fault for a file
        of another machine, and for one that is none of these."""
        self.folder, self._here = folder, dict(here)
        self.rows: dict[str, Row] = {}
        path = folder / FILE
        if not path.exists():
            return
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            before, self.rows = kept["machine"], dict(kept["rows"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Fault(f"{path}: is no record of this; another folder: --out DIR") from error
        for name in SAME:
            if before.get(name) != here[name]:
                raise Fault(
                    f"{path}: was measured with {name} {before.get(name)}, and here it is "
                    f"{here[name]}; another folder: --out DIR"
                )

    def has(self, key: str) -> bool:
        """It was measured, or could not be; not where its measuring was broken off."""
        return key in self.rows and not self.rows[key].get("unfinished")

    def put(self, key: str, row: Row) -> None:
        """Keep a row; both files are written."""
        moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        self.rows[key] = {**row, "at": moment, "commit": self._here["commit"]}
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = {"machine": self._here, "rows": self.rows}
        self._write(FILE, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
        self._write(TABLE, self.markdown())

    def _write(self, name: str, text: str) -> None:
        draft = self.folder / f"{name}.part"
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, self.folder / name)

    def markdown(self) -> str:
        """Tables of what there is: rows of one kind that begin with the same figure share one."""
        here = self._here
        facts = ("driver", "torch", "CUDA", "cupy", "diffusers", "vj", "commit", "python", "system")
        said = ", ".join(f"{name} {here[name]}" for name in facts if here[name])
        lines = [f"# {here['device']}{' (pretended)' * here['pretended']}", "", said]
        tables: dict[tuple[str, str], list[tuple[str, Row]]] = {}
        for key, row in self.rows.items():
            kind, _, name = key.partition("/")
            first = next(iter(row.get("figures", {})), "")
            tables.setdefault((kind, first), []).append((name or kind, row))
        for kind in dict.fromkeys(kind for kind, _ in tables):
            lines += ["", f"## {kind}"]
            for (of, first), rows in tables.items():
                if of == kind and first:
                    lines += ["", *_table(rows)]
            bare = tables.get((kind, ""), [])
            lines += ["", *(f"- {name}: {_remark(row)}" for name, row in bare)] if bare else []
        return "\n".join(lines) + "\n"


def _table(rows: list[tuple[str, Row]]) -> list[str]:
    names = list(dict.fromkeys(name for _, row in rows for name in row.get("figures", {})))
    lines = ["| | " + " | ".join([*names, ""]) + " |", "|---" * (len(names) + 2) + "|"]
    for title, row in rows:
        figures = row.get("figures", {})
        cells = [str(figures.get(name, "")) for name in names]
        lines.append(f"| {title} | " + " | ".join([*cells, _remark(row)]) + " |")
    return lines


def _remark(row: Row) -> str:
    return str(row.get("said", "")).replace("|", "/").replace("\n", " ")
