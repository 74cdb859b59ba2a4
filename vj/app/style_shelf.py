"""The style pictures of the show that plays, for the page: their names, small pictures of them, and
those that a page sends or removes."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vj.app.context import ShowContext
from vj.app.sent_picture import decoded
from vj.app.setup import style_files
from vj.core.errors import Fault
from vj.core.supervisor import TaskQueue
from vj.painters.own_styles import own_styles
from vj.painters.style_pictures import (
    LARGEST,
    MOST_IN_FOLDER,
    NAME_LETTERS,
    SUFFIXES,
    StylePictures,
    numbered,
    picture_name,
    pictures_in,
    read_picture,
)
from vj.show.find import PICTURES
from vj.show.own_shows import is_device

Json = dict[str, Any]
FRESH = 2.0
"""Seconds for which what lies in the folders is not looked at again; what a page sends is there at
once."""
SMALL = 192
"""Pixels of the shorter side of a small picture."""
KEPT = 256
"""Small pictures that are kept."""
QUALITY = 92
OTHER_SUFFIXES = (".gif", ".heic", ".heif", ".avif", ".svg", ".jfif")
"""Endings of pictures that a browser makes a JPEG of."""


class StyleShelf:
    """Of one live show. `add`, `remove` and `small` wait for the disk, so they are not for an event
    loop; `state` never waits. From any thread."""

    def __init__(self, context: ShowContext, folder: Path = PICTURES) -> None:
        """folder: of the user's own pictures."""
        self._context, self._folder = context, folder
        self._tasks = TaskQueue(context.supervisor, "style pictures")
        self._asked: tuple[float, object] = (-FRESH, None)
        self._state: tuple[object, Json] = (None, {})
        """For which pictures, and what was found of them."""
        self._small: OrderedDict[tuple[str, object], bytes] = OrderedDict()
        self._looking, self._writing = threading.Lock(), threading.Lock()
        self._reading = threading.Lock()

    def close(self) -> None:
        """End its thread. May be called twice."""
        self._tasks.close(0.1)

    def state(self) -> Json | None:
        """`{walk: [names], list: [{name, version, own}]}`: those that play where image/styles is
        empty, and all there are. version: another one for another picture of that name; own: a page
        may remove it. None while another model plays."""
        if self._context.run.show.model.name != "picture":
            return None
        now, key = self._context.clock.now(), self._key()
        known, found = self._state  # before it is looked: each call gives what was known
        if key != self._asked[1] or now - self._asked[0] >= FRESH:
            self._asked = now, key
            self._tasks.put(self._look)
        return found if known == key else {"walk": [], "list": []}

    def _key(self) -> tuple[str, ...]:
        return tuple(style_files(self._context.run.show))

    def _pictures(self) -> StylePictures:
        return StylePictures(self._key(), str(self._folder))

    def _look(self) -> None:
        with self._looking:  # one after the other: the last one has seen the newest
            key = self._key()
            pictures = StylePictures(key, str(self._folder))
            found = [
                {"name": name, "version": str(_version(place)), "own": self._is_own(place)}
                for name, place in pictures.places().items()
            ]
            self._state = key, {"walk": pictures.shown("") or list(own_styles()), "list": found}

    def _is_own(self, place: Path | np.ndarray) -> bool:
        return isinstance(place, Path) and place.parent == self._folder

    def small(self, name: str) -> bytes | None:
        """A picture by its name, as a small JPEG; None for a name that nothing has, or what cannot
        be read."""
        place = self._pictures().places().get(name)
        if place is None:
            return None
        key = name, _version(place)
        with self._reading:  # one at a time: each is made once, beside the picture
            if (known := self._small.get(key)) is not None:
                self._small.move_to_end(key)
                return known
            try:
                picture = read_picture(place) if isinstance(place, Path) else place
            except Fault:
                return None
            made = self._small[key] = _jpeg(_no_larger(picture, SMALL, min(picture.shape[:2])))
            while len(self._small) > KEPT:
                self._small.popitem(last=False)
        return made

    def add(self, asked: Mapping[str, Any]) -> Json:
        """`name`: of a file, and `image`: a data URL. It is kept as a JPEG in the user's folder.
        Returns `name`: what image/styles calls it. Raises Fault."""
        picture = decoded(asked.get("image"), "style picture")
        raw = _jpeg(_no_larger(picture, LARGEST, max(picture.shape[:2])))
        with self._writing:
            name = self._keep(safe_name(asked.get("name")), raw)
        self._look()
        return {"name": name}

    def remove(self, asked: Mapping[str, Any]) -> Json:
        """`name`: one of the user's own. Raises Fault."""
        name = asked.get("name")
        place = self._pictures().places().get(name) if isinstance(name, str) else None
        if place is None:
            raise Fault(f"style picture {name!r:.60}: there is none of this name")
        if not isinstance(place, Path) or not self._is_own(place):
            raise Fault(f"style picture {name}: is the show's; only what was added is removed here")
        with self._writing:
            try:
                place.unlink(missing_ok=True)
            except OSError as error:
                raise Fault(f"style picture {name}: cannot be removed ({error.strerror})") from None
        self._look()
        return {"remark": f"{name} is removed"}

    def _keep(self, name: str, raw: bytes) -> str:
        """Write a file that is not there yet; the same picture under the same name is kept once.
        Returns the picture's name."""
        own = pictures_in(self._folder)
        taken = {one.casefold() for one in self._pictures().names()}
        for free in (name, *numbered(name)):
            path = self._folder / f"{free}.jpg"
            if path in own and _reads(path) == raw:
                return free
            if free.casefold() in taken:
                continue
            if len(own) >= MOST_IN_FOLDER:
                raise Fault(
                    f"style picture {name}: {MOST_IN_FOLDER} are kept already; remove one first"
                )
            try:
                if _write_new(path, raw):
                    return free
            except OSError as error:
                raise Fault(
                    f"style picture {name}: cannot be kept ({error.strerror}); nothing is written"
                ) from None
        raise Fault(f"style picture {name}: too many have this name")


def safe_name(name: object) -> str:
    """A picture's name of what a browser calls its file: no folders, nothing that a system or
    image/styles takes for something else, never empty."""
    text = unicodedata.normalize("NFC", name if isinstance(name, str) else "")
    text = re.split(r"[/\\]", text)[-1]
    end = Path(text).suffix.lower()
    if end in (*SUFFIXES, *OTHER_SUFFIXES):
        text = text[: -len(end)]
    text = re.sub(r"[^\w '&+().!-]", " ", text)[: NAME_LETTERS - len(" (9999)")]
    text = " ".join(text.split()).strip(". ")
    if not text or is_device(text):
        text = "picture"
    return picture_name(Path(f"{text}.jpg"))


def _write_new(path: Path, raw: bytes) -> bool:
    """Write a whole file, or none; False where there is one of this name. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{os.getpid()}.part")
    try:
        part.write_bytes(raw)
        with open(path, "xb"):
            pass
        part.replace(path)
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return True


def _reads(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _version(place: Path | np.ndarray) -> object:
    """Another one for another file of the same name."""
    if not isinstance(place, Path):
        return 0
    try:
        found = place.stat()
    except OSError:
        return 0
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"


def _no_larger(picture: np.ndarray, side: int, measured: int) -> np.ndarray:
    """(H, W, 3), in its shape, with the side that is `measured` pixels long at most `side` long."""
    scale = side / measured
    if scale >= 1:
        return picture
    height, width = (max(1, round(length * scale)) for length in picture.shape[:2])
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def _jpeg(picture: np.ndarray) -> bytes:
    """(H, W, 3) uint8 RGB -> a file."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    done, body = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done
    return body.tobytes()
