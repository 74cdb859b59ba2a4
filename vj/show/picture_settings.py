"""What a picture that `snapshot` wrote says of how it was made: the show, every value, the model.
It is JSON in the PNG, which `--from PICTURE.png` plays."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from vj.core.errors import Fault
from vj.core.png_text import text_in
from vj.parameters.table import Table, Value
from vj.show.load import included_files
from vj.show.names import model_name, public_name
from vj.show.own_shows import is_shipped
from vj.show.schema import Show
from vj.sources.network import without_password

KEYWORD = "vj:settings"
LARGEST = 256 << 20
"""Bytes of a picture that is read, at most."""
LONGEST = 1 << 20
"""Letters of a show's file that go along, at most."""


@dataclass(frozen=True, slots=True)
class PictureSettings:
    """What is in the picture. Names without the folders of the machine it was made on."""

    vj: str
    """The version."""
    show: str
    file: str = ""
    """The name of the show's file, such as `decks.yaml`."""
    text: str = ""
    """What is in it, without the passwords of its addresses: pictures are given away."""
    included: dict[str, str] = field(default_factory=dict)
    """The same of the files that it includes and that lie beside it or below, by their path from
    there. Those that come with vj are not among them."""
    source: str = ""
    model: str = ""
    size: str = ""
    """As the show says it, with the options it was played with."""
    output: str = ""
    fps: float = 30.0
    values: dict[str, Value] = field(default_factory=dict)
    """Every parameter that has one, as it stood."""
    position: float | None = None
    """Seconds on the show's timeline; None without one."""
    time: float = 0.0
    """Seconds on the show's clock."""

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)


def settings_of(
    version: str,
    show: Show,
    values: Mapping[str, Value],
    table: Table,
    time: float,
    position: float | None,
    model: str = "",
) -> PictureSettings:
    """What is known in the moment, but for the show's file (`with_file`). show: as it is played.
    model: the one that plays, if that is another than the show's."""
    kept = {name: value for name, value in values.items() if table.find(name).kind != "trigger"}
    return PictureSettings(
        version,
        show.show,
        source=str(values.get("source") or public_name(show.source[0])),
        model=str(values.get("model") or model or model_name(show.model)),
        size=str(show.size),
        output="" if show.output is None else str(show.output),
        fps=show.fps,
        values=kept,
        position=position,
        time=round(time, 3),
    )


def file_texts(path: Path | None) -> dict[str, Any]:
    """`file`, `text` and `included` of a show's file; what cannot be read is left out. Waits for
    the disk."""
    if path is None:
        return {}
    found: dict[str, Any] = {"file": path.name}
    try:
        text = without_password(path.read_text(encoding="utf-8"))
        if len(text) <= LONGEST:
            others = {
                one.relative_to(path.parent).as_posix(): without_password(
                    one.read_text(encoding="utf-8")
                )
                for one in included_files(path)
                if one.is_relative_to(path.parent) and not is_shipped(one)
            }
            found |= {"text": text, "included": others}
    except (OSError, UnicodeDecodeError):
        pass
    return found


def read_picture(path: Path) -> PictureSettings:
    """The settings in a picture. Raises Fault that says what is wrong with it."""
    try:
        if path.stat().st_size > LARGEST:
            raise Fault(f"{path}: is too large for a picture")
        text = text_in(path.read_bytes(), KEYWORD)
    except OSError as error:
        raise Fault(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise Fault(f"{path}: {error}; a picture that /vj/snapshot wrote would be right") from None
    if text is None:
        raise Fault(
            f"{path}: holds no settings of vj: a picture that /vj/snapshot wrote does, and a "
            "program that saved it again may have left them out"
        )
    try:
        given = json.loads(text)
        known = {one.name for one in fields(PictureSettings)}
        made = PictureSettings(**{key: value for key, value in given.items() if key in known})
        if not (isinstance(made.values, dict) and isinstance(made.included, dict)):
            raise TypeError
        texts = (made.show, made.file, made.text, made.model, made.source, made.size, made.output)
        numbers = (made.fps, made.time, made.position or 0.0)
        if not all(isinstance(one, str) for one in texts):
            raise TypeError
        if not all(isinstance(one, int | float) and math.isfinite(one) for one in numbers):
            raise TypeError
    except (ValueError, TypeError, AttributeError):
        raise Fault(f"{path}: the settings in it are broken") from None
    return made
