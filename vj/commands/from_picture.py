"""`--from PICTURE.png`: plays what a picture that `snapshot` wrote says of itself: the show, its
values, its model."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path, PurePath
from typing import Any

from vj.core.errors import Fault
from vj.parameters.fit import fit
from vj.parameters.table import Value
from vj.show.as_played import NOT_STARTED_WITH
from vj.show.find import find_show
from vj.show.load import load_show
from vj.show.names import model_name, model_names, public_name, source_names
from vj.show.paths import LENT
from vj.show.picture_settings import PictureSettings, file_texts, read_picture
from vj.show.schema import Show
from vj.show.timeline_section import has_timeline
from vj.show.validate import POSITION

Log = Callable[[str], None]


def is_picture(begin: str | None) -> bool:
    """Whether --from names a picture, and no time."""
    return begin is not None and PurePath(begin).suffix.lower() in (".png", ".jpg", ".jpeg")


def play_picture(
    options: argparse.Namespace, log: Log, end: ExitStack
) -> tuple[Path, dict[str, Any]]:
    """The show's file, and what --from and the other options put over it; those go first. end: a
    file that was made is taken away then. Raises Fault."""
    picture = Path(options.begin)
    live = options.resume and not options.offline
    if live or options.replay is not None:
        other = "--resume" if live else "--replay"
        raise Fault(
            f"command line: --from {picture}: {other} brings values of its own; leave one out"
        )
    settings = read_picture(picture)
    try:
        path = _show_file(settings, picture, options.show, log, end)
    except (OSError, ValueError) as error:  # names that no file system takes
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:100]
        raise Fault(f"{picture}: the show in it cannot be written out ({reason})") from None
    given: dict[str, Any] = dict(options.overrides)
    own = given.pop("start", {})
    show = load_show(path, given)
    _put_chosen(settings, show, given, picture, log)
    show = load_show(path, given)
    values, lost = _values(settings, show)
    if lost:
        log(f"{picture}: not in this show, left out: {', '.join(lost)}")
    if settings.position is not None and has_timeline(show.timeline, show.curves):
        values[POSITION] = settings.position
    given["start"] = {**values, **own}
    log(f"{picture}: {settings.show}, {settings.model}, as it was {settings.time:.1f} s into it")
    return path, given


def _show_file(
    settings: PictureSettings, picture: Path, asked: str | None, log: Log, end: ExitStack
) -> Path:
    """The file of the show, if it is here as it was, or is asked for; else what the picture holds
    of it, in a folder for this run."""
    if asked:
        return find_show(asked)
    if settings.file:
        try:
            there = find_show(settings.file)
        except Fault:
            there = None
        if there is not None and file_texts(there).get("text") == settings.text:
            return there
        if not settings.text:
            if there is None:
                raise Fault(
                    f"{picture}: its show {settings.file} is not here, and not in the picture; "
                    "name a show: launch.py SHOW --from PICTURE.png"
                )
            return there
        why = "is not here" if there is None else "is another by now"
        log(f"{settings.file} {why}: it is played as the picture holds it")
    elif not settings.text:
        raise Fault(
            f"{picture}: says nothing of its show; name one: launch.py SHOW --from PICTURE.png"
        )
    folder = Path(tempfile.mkdtemp(prefix="vj-from-"))
    LENT.add(folder)
    if not settings.included:  # a copy that is written meanwhile includes them from there
        end.callback(shutil.rmtree, folder, ignore_errors=True)
    for name, text in settings.included.items():
        place = PurePath(name)
        if not place.is_absolute() and ".." not in place.parts and isinstance(text, str):
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / place).write_text(text, encoding="utf-8")
    path = folder / (PurePath(settings.file).name or "show.yaml")
    path.write_text(settings.text, encoding="utf-8")
    return path


def _put_chosen(
    settings: PictureSettings, show: Show, given: dict[str, Any], picture: Path, log: Log
) -> None:
    """Source, model and sizes of the picture, where they are not the show's own."""
    models = model_names(show.models, show.model)
    if "model" not in given and settings.model not in ("", model_name(show.model)):
        if settings.model in models:
            given["model"] = models[settings.model].model_dump(exclude_defaults=True)
        elif settings.model.count("/") == 1:
            given["model"] = settings.model
        else:
            log(f"{picture}: was painted with {settings.model}; --model PATH plays it")
    found = source_names(show.sources, show.source)
    first = next((name for name, uri in found.items() if uri == show.source[0]), "")
    own = ("", first, public_name(show.source[0]))
    if "source" not in given and settings.source not in own:
        if settings.source in found:
            uri = found[settings.source]
            given["source"] = [uri, *(other for other in show.source if other != uri)]
        else:
            log(f"{picture}: was painted of {settings.source}; --source PATH plays it")
    if "size" not in given and settings.size not in ("", str(show.size)):
        given["size"] = settings.size
    if "output" not in given and settings.output != str(show.output or ""):
        given["output"] = settings.output or None
    if "fps" not in given and settings.fps != show.fps:
        given["fps"] = settings.fps


def _values(settings: PictureSettings, show: Show) -> tuple[dict[str, Value], list[str]]:
    """The values that a show can start with, and the names of those that it cannot."""
    table, found, lost = show.table(), {}, []
    for name, value in settings.values.items():
        if name.startswith(NOT_STARTED_WITH) or name in ("source", "model"):
            continue
        row = table.rows.get(name)
        if row is None or row.kind == "trigger":
            lost.append(name)
            continue
        try:
            found[name] = fit(row, value)[0]
        except Fault:
            lost.append(f"{name} {value!r:.40}")
    return found, lost
