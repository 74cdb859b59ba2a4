"""`launch.py gallery`: every show of mappings/ rendered offline, as a small animation and a sheet
of inputs and generated images, and the shipped room, its pieces side by side."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vj.core.errors import Fault, nearest
from vj.core.opencv import use_one_thread
from vj.show.find import ROOMS
from vj.show.load import FIRST_SHOW, load_show
from vj.show.room_file import load_room
from vj.sources.image import read_picture

FOLDER = FIRST_SHOW.parents[1] / "docs" / "gallery"
ROOM = "room"
"""The room of mappings/rooms/ that is rendered as one picture."""
RATE = 12
"""Frames a second of the animations."""
WIDTH = 224
"""Pixels."""
COLUMNS = 8


@dataclass(frozen=True)
class GalleryEntry:
    """How many seconds of a show are rendered, and overrides that replace its live controls.
    untouched: parameters with which its input is seen that is not so otherwise."""

    seconds: float
    overrides: Mapping[str, Any] = field(default_factory=dict)
    untouched: Mapping[str, Any] = field(default_factory=dict)


PEDAL = {
    "to": "macro/pedal",
    "points": [
        ["0:00", 0],
        ["0:01", 0],
        ["0:01.01", 1],
        ["0:09", 1],
        ["0:09.01", 0],
        ["0:15", 0],
    ],
}
"""A pedal pressed after 1 s and released after 9 s."""

ENTRIES = {
    "kiss_crash": GalleryEntry(24),
    "me_kissing_me": GalleryEntry(12),
    "crash_me_gently": GalleryEntry(15, {"curves": [PEDAL]}),
    "artwalk": GalleryEntry(12, {"output": f"{WIDTH}x{WIDTH}", "start": {"walk/leg": 4}}),
    "performer": GalleryEntry(12),
    "mask_dance": GalleryEntry(12),
    "crash_kiss": GalleryEntry(12),
    "fox_face": GalleryEntry(12),
    "sketch": GalleryEntry(8),
    "puppetry": GalleryEntry(12, untouched={"portrait/amount": 0}),
    "decks": GalleryEntry(12.8),
    "guest": GalleryEntry(12, untouched={"picture/saturation": 1, "picture/contrast": 1}),
    "dream": GalleryEntry(10),
    "touchdesigner": GalleryEntry(6, {"source": "testcard"}),
}

ROOM_SECONDS = 6.0
"""Of the shipped room: from the drive to the kiss."""
MOMENTS = 3
"""Rows of its sheet."""


def gallery(arguments: Sequence[str], log: Callable[[str], None]) -> int:
    """The command. Returns its exit code; raises Fault for a show that has no place in it."""
    made = argparse.ArgumentParser(
        prog="launch.py gallery",
        description="Render the shows of mappings/ as small moving pictures.",
    )
    made.add_argument(
        "shows",
        nargs="*",
        metavar="SHOW",
        help=f"some of {', '.join([*ENTRIES, ROOM])} (default: all)",
    )
    made.add_argument(
        "--to", type=Path, default=FOLDER, metavar="FOLDER", help="where to (default: docs/gallery)"
    )
    made.add_argument("--seconds", type=float, help="at most so long")
    given = made.parse_args(arguments)
    for name in given.shows:
        if name not in (*ENTRIES, ROOM):
            known = [*ENTRIES, ROOM]
            raise Fault(f"gallery: {name}: no such show{nearest(name, known)} ({', '.join(known)})")
    use_one_thread()
    given.to.mkdir(parents=True, exist_ok=True)
    for name in given.shows or (*ENTRIES, ROOM):
        if name == ROOM:
            seconds = min(ROOM_SECONDS, given.seconds or ROOM_SECONDS)
            log(f"{name}: {seconds:g} s of each piece")
            together = room_pictures(seconds)
            write_animation(given.to / f"{name}.webp", together, 2 * WIDTH)
            write_rows(given.to / f"{name}.jpg", together)
            continue
        entry = ENTRIES[name]
        seconds = min(entry.seconds, given.seconds or entry.seconds)
        log(f"{name}: {seconds:g} s")
        generated = rendered(name, entry.overrides, seconds)
        untouched = rendered(
            name,
            {
                **entry.overrides,
                "model": "none",
                "start": {**entry.overrides.get("start", {}), "mix/wet": 0, **entry.untouched},
            },
            seconds,
        )
        animation = given.to / f"{name}.webp"
        write_animation(animation, generated)
        write_sheet(given.to / f"{name}.jpg", untouched, generated)
        log(f"  {animation} ({animation.stat().st_size / 1e3:.0f} kB), {name}.jpg")
    return 0


def rendered(
    name: str, overrides: Mapping[str, Any], seconds: float, rate: float = RATE, **more: Any
) -> list[np.ndarray]:
    """A shipped show, offline: every picture, (H, W, 3) uint8 RGB. more: as in a show file, over
    the overrides. Raises Fault."""
    from vj.app.offline import Rendering

    with tempfile.TemporaryDirectory() as folder:
        asked = {**overrides, **more, "sinks": f"record:{folder}/"}
        show = load_show(FIRST_SHOW.parent / f"{name}.yaml", asked)
        Rendering(show, lambda text: None, seconds, rate).run()
        return [
            read_picture(path, "gallery")[..., :3] for path in sorted(Path(folder).glob("*.png"))
        ]


def room_pictures(seconds: float) -> list[np.ndarray]:
    """The shipped room: at each moment the pictures of all its pieces, side by side, (H, W, 3)
    uint8 RGB."""
    reading = load_room(ROOMS / f"{ROOM}.yaml")
    assert reading.room is not None
    pieces = []
    for name, piece in reading.room.room.items():
        show = reading.shows[name].stem
        side = {"output": f"{WIDTH}x{WIDTH}"}
        overrides = {**ENTRIES[show].overrides, **piece.overrides(), **side}
        pieces.append(rendered(show, overrides, seconds))
    return [np.hstack(at) for at in zip(*pieces, strict=False)]


def _small(picture: np.ndarray, width: int = WIDTH) -> np.ndarray:
    height = round(picture.shape[0] * width / picture.shape[1])
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def write_animation(path: Path, pictures: Sequence[np.ndarray], width: int = WIDTH) -> None:
    """A looping WebP. width: in pixels."""
    from PIL import Image

    frames = [Image.fromarray(_small(picture, width)) for picture in pictures]
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=round(1000 / RATE),
        loop=0,
        quality=55,
        method=4,
    )


def write_sheet(
    path: Path, untouched: Sequence[np.ndarray], generated: Sequence[np.ndarray]
) -> None:
    """Two rows: frames of the input, where there is one, and the images generated of them."""
    at = [round(step * (len(generated) - 1) / (COLUMNS - 1)) for step in range(COLUMNS)]
    seen = (untouched, generated) if untouched[0].std() > 1 else (generated,)
    rows = [
        np.hstack([_small(pictures[min(i, len(pictures) - 1)]) for i in at]) for pictures in seen
    ]
    _write(path, rows)


def write_rows(path: Path, pictures: Sequence[np.ndarray]) -> None:
    """Some of the pictures, one below the other."""
    at = [round((step + 0.5) * (len(pictures) - 1) / MOMENTS) for step in range(MOMENTS)]
    _write(path, [pictures[i] for i in at])


def _write(path: Path, rows: Sequence[np.ndarray]) -> None:
    cv2.imwrite(
        str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 82]
    )
