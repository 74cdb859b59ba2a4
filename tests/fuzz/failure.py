"""What a fuzzer has found, with the input that shows it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from vj.parameters.fit import TEXT_LIMIT
from vj.parameters.store import Store
from vj.parameters.table import Parameter, Value


class Failed(AssertionError):
    """What went wrong, then what was fed, written so that it can be put into a test; long inputs
    are cut."""

    def __init__(self, what: str, inputs: Iterable[object], seed: int) -> None:
        """inputs: stay in `inputs` as they are."""
        self.what, self.inputs = what, list(inputs)
        lines = "\n".join(f"    {_cut(repr(one))}," for one in self.inputs)
        super().__init__(f"{what} (seed {seed})\nlast inputs, the newest at the end:\n{lines}")


def _cut(text: str) -> str:
    return text if len(text) <= 500 else f"{text[:500]}... ({len(text)} letters)"


def misfit(row: Parameter, value: Value) -> str:
    """Why a parameter cannot stand at this value, else ""."""
    kinds = {
        "float": (int, float),
        "int": (int,),
        "switch": (bool,),
        "choice": (str,),
        "text": (str,),
        "trigger": (int,),
    }
    if not isinstance(value, kinds[row.kind]) or (
        isinstance(value, bool) and row.kind in ("float", "int")
    ):
        return f"{row.name}: {value!r:.80} is no {row.kind}"
    if isinstance(value, str):
        right = (
            value in row.choices
            if row.kind == "choice"
            else len(value) <= TEXT_LIMIT and _encodes(value)
        )
        return "" if right else f"{row.name}: {value!r:.80} is not {row.range}"
    if row.kind in ("float", "int") and not row.low <= value <= row.high:  # also false for a NaN
        return f"{row.name}: {value!r:.80} is outside {row.range}"
    return ""


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def misfits(store: Store, values: Mapping[str, Value]) -> list[str]:
    """Everything that stands where it cannot."""
    rows = store.table.rows
    return [words for name, value in values.items() if (words := misfit(rows[name], value))]


STATM = Path("/proc/self/statm")


def resident() -> float | None:
    """Megabytes of this process; None where the system does not tell."""
    return (
        int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        if STATM.exists()
        else None
    )
