"""Where the files are that a show names: beside the show, else where one stands.

What is written (`record:`, takes) goes where one stands: a show may lie on a stick that cannot be
written to.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

from vj import sources
from vj.show.section import Place

Note = Callable[[Place, str], None]

PICTURED = ("video", "image")
"""Kinds of sources whose rest is a file."""
LISTED = ("clips", "walk")
"""Kinds of sources whose rest is a list of sources and files."""
WAYS = ("auto", "off", "full", "taesd")
"""What may stand in the place of a part of a model."""
SOUNDS = (".wav", ".mp3", ".flac", ".ogg", ".m4a", ".mp4", ".mkv")


class PathResolver:
    """Finds the files of one show, or of what it includes."""

    def __init__(self, folder: Path, note: Note) -> None:
        """folder: of the file that names them. note: gets what a person should know, with the place
        of the name."""
        self._folder, self._note = folder, note

    def file(self, name: object, place: Place, sure: bool = True) -> Any:
        """A name as a path that can be opened. sure: it can be nothing but a file; other names are
        left alone unless there is one."""
        if (
            not isinstance(name, str)
            or not name
            or name.startswith("~")
            or "://" in name
            or "\0" in name
        ):
            return name
        path = PurePath(name)
        if path.is_absolute() or str(self._folder) in ("", "."):
            return name
        beside = self._folder / path
        if exists(beside):
            return str(beside)
        if exists(Path(name)):
            self._note(
                place,
                f"{name}: is not beside the show; the one in the folder you stand in is taken",
            )
            return name
        return str(beside) if sure else name

    def uri(self, uri: object, place: Place) -> Any:
        """A source. Bare names that are no path are left alone: they are said to be of no known
        kind."""
        if not isinstance(uri, str):
            return uri
        kind, colon, rest = uri.partition(":")
        if kind in PICTURED and colon:
            return f"{kind}:{self.file(rest, place)}"
        if kind in LISTED and colon:
            if "," in str(self._folder):
                return uri  # it would end the name
            return f"{kind}:{','.join(self.uri(part.strip(), place) for part in rest.split(','))}"
        if kind in sources.KINDS:
            return uri
        return self.file(uri, place, sure="/" in uri or "\\" in uri or bool(PurePath(uri).suffix))


def locate(plain: dict[str, Any], folder: Path, note: Note) -> None:
    """Make paths in a show's values such that they can be opened. Whatever has another form than it
    should is left for the checks."""
    beside = PathResolver(folder, note)
    _each(plain, "source", (), lambda value, place: beside.uri(value, place))
    for key in ("finish",):
        _each(plain, key, (), lambda value, place: beside.file(value, place))
    _one(plain, "person", (), "model", beside)
    _model(plain, beside)
    upscale, flow = plain.get("upscale"), plain.get("flow")
    if isinstance(upscale, str) and PurePath(upscale).suffix:
        plain["upscale"] = beside.file(upscale, ("upscale",))
    if isinstance(flow, str) and flow.startswith("raft:"):
        plain["flow"] = f"raft:{beside.file(flow.removeprefix('raft:'), ('flow',))}"
    modulators = plain.get("modulators")
    for index, rule in enumerate(modulators if isinstance(modulators, list) else []):
        if (
            isinstance(rule, dict)
            and isinstance(rule.get("input"), str)
            and PurePath(rule["input"]).suffix
        ):
            sure = PurePath(rule["input"]).suffix.lower() in SOUNDS
            rule["input"] = beside.file(rule["input"], ("modulators", index, "input"), sure)


def _model(plain: dict[str, Any], beside: PathResolver) -> None:
    """The model's name and its parts. An id such as owner/name is one unless there is such a
    folder."""
    model = plain.get("model")
    if isinstance(model, str):
        plain["model"] = _model_name(model, ("model",), beside)
    if not isinstance(model, dict):
        return
    if "name" in model:
        model["name"] = _model_name(model["name"], ("model", "name"), beside)
    for key in ("vae", "lcm_lora", "config", "controlnet", "t2i_adapter", "image_encoder"):
        if key in model and model[key] not in WAYS:
            model[key] = beside.file(model[key], ("model", key), is_path(model[key]))
    if "ip_adapter" in model:
        model["ip_adapter"] = beside.file(model["ip_adapter"], ("model", "ip_adapter"))
    _each(model, "image_prompts", ("model",), lambda value, place: beside.file(value, place))
    for key in ("loras", "embeddings"):
        _each(model, key, ("model",), lambda value, place: _part(value, place, beside))


def _model_name(name: object, place: Place, beside: PathResolver) -> Any:
    return name if name in ("pocket", "drawn", "none") else beside.file(name, place, is_path(name))


def is_path(name: object) -> bool:
    """A model's name that can be nothing but a path: neither a word nor an id such as
    owner/name."""
    if not isinstance(name, str):
        return False
    return (
        name.startswith((".", "/", "~"))
        or "\\" in name
        or name.count("/") > 1
        or _is_weights(name)
        or name.endswith("/")
    )


def _is_weights(name: str) -> bool:
    return PurePath(name).suffix.lower() in (".safetensors", ".ckpt", ".pt", ".bin", ".pth")


def _part(value: Any, place: Place, beside: PathResolver) -> Any:
    if isinstance(value, dict) and "file" in value:
        return {**value, "file": beside.file(value["file"], (*place, "file"))}
    return beside.file(value, place) if isinstance(value, str) else value


def _one(plain: dict[str, Any], key: str, above: Place, inner: str, beside: PathResolver) -> None:
    """A file that stands alone, or by a name in a section of its own."""
    value = plain.get(key)
    if isinstance(value, dict) and inner in value:
        value[inner] = beside.file(value[inner], (*above, key, inner))
    elif isinstance(value, str):
        plain[key] = beside.file(value, (*above, key))


def _each(
    plain: dict[str, Any], key: str, above: Place, change: Callable[[Any, Place], Any]
) -> None:
    """One value, or each of a list."""
    value = plain.get(key)
    if isinstance(value, list):
        plain[key] = [change(one, (*above, key, index)) for index, one in enumerate(value)]
    elif value is not None:
        plain[key] = change(value, (*above, key))


def exists(path: Path) -> bool:
    """There is such a file or folder. A name that no file system takes is none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
