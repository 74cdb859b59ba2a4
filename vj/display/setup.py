"""How a picture lies on one projector or monitor: corners, turn, mirror, fit, mask. That belongs to
the room and not to the show, so that it is kept in a file by the monitor's name."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vj.core.errors import Fault, nearest
from vj.display.warp import FITS, FLIPS, NAMES, REACH, SQUARE, TURNS, Corners, convex

FOLDER = Path("displays")
"""In the working directory, beside `takes/` and `shows/`."""
KEYS = ("corners", "rotate", "flip", "fit", "mask")
LONGEST = 1000
"""Letters of a mask's path, at most."""


@dataclass(frozen=True, slots=True)
class ScreenSetup:
    """corners: where those of the canvas lie on the screen. rotate: degrees clockwise. flip, fit:
    see `vj.display.warp`. mask: a PNG whose white shows, "" for none; a relative path is from the
    working directory."""

    corners: Corners = SQUARE
    rotate: int = 0
    flip: str = "none"
    fit: str = "contain"
    mask: str = ""

    def changed(self, given: object) -> ScreenSetup:
        """With some of `KEYS` as JSON has them. Raises Fault for what is not right."""
        if not isinstance(given, Mapping):
            raise Fault(f"{given!r:.60}: {', '.join(KEYS)} would be right")
        unknown = [str(key) for key in given if key not in KEYS]
        if unknown:
            raise Fault(f"{unknown[0]:.40}{nearest(unknown[0], KEYS)} (known: {', '.join(KEYS)})")
        checked = {key: _CHECKS[key](value) for key, value in given.items()}
        return replace(self, **checked)

    def as_json(self) -> dict[str, Any]:
        """As `changed` takes it."""
        named = {
            name: [round(x, 5), round(y, 5)]
            for name, (x, y) in zip(NAMES, self.corners, strict=True)
        }
        return {
            "corners": named, "rotate": self.rotate, "flip": self.flip, "fit": self.fit,
            "mask": self.mask,
        }  # fmt: skip


def parse_corners(given: object) -> Corners:
    """Four pairs in the order of `NAMES`, or a mapping by these names. Raises Fault."""
    if isinstance(given, Mapping):
        missing = [name for name in NAMES if name not in given]
        if missing or len(given) != 4:
            raise Fault(f"corners: {', '.join(NAMES)} would be right")
        given = [given[name] for name in NAMES]
    try:
        corners: Any = tuple((float(x), float(y)) for x, y in given)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        corners = ()
    low, high = -REACH, 1 + REACH
    if len(corners) != 4 or not all(low <= one <= high for corner in corners for one in corner):
        raise Fault(
            f"corners {given!r:.80}: four pairs [x, y] in shares of the screen, {low:g} .. {high:g}"
        )
    if not convex(corners):
        raise Fault(
            f"corners {given!r:.80}: the picture would be folded or flat; {', '.join(NAMES)}, in "
            "this order, around it"
        )
    return corners


def _choice(name: str, known: tuple[Any, ...]) -> Any:
    def check(value: object) -> Any:
        if isinstance(value, bool) or value not in known:
            raise Fault(f"{name} {value!r:.40}: one of {', '.join(map(str, known))}")
        return value

    return check


def _mask(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST or "\0" in value:
        raise Fault(f"mask {value!r:.40}: the path of a PNG whose white shows, or nothing")
    return value


_CHECKS: dict[str, Any] = {
    "corners": parse_corners,
    "rotate": _choice("rotate", TURNS),
    "flip": _choice("flip", FLIPS),
    "fit": _choice("fit", FITS),
    "mask": _mask,
}


def setup_file(name: str) -> Path:
    """Where the setup of a monitor is kept."""
    safe = re.sub(r"[^\w.+ -]", "_", name).strip(" .")[:60] or "display"
    return FOLDER / f"{safe}.json"


def read_setup(path: Path) -> ScreenSetup:
    """The setup of a file, the plain one where there is no file. Raises Fault for what cannot be
    read."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ScreenSetup()
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(f"{path}: cannot be read ({getattr(error, 'strerror', error)})") from None
    try:
        return ScreenSetup().changed(json.loads(text))
    except Fault as fault:
        raise Fault(f"{path}: {fault}") from None
    except (ValueError, RecursionError) as error:
        raise Fault(f"{path}: is no JSON ({error})") from None


def write_setup(path: Path, setup: ScreenSetup) -> None:
    """Write a setup, whole or not at all. Raises Fault when it cannot be."""
    text = json.dumps(setup.as_json(), indent=2) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(draft, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft)
            raise
    except OSError as error:
        raise Fault(f"{path}: cannot be written ({error.strerror})") from None
