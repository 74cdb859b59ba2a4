"""Resolves the paths in a show: relative to the show's folder, else to the working directory.

Recordings and takes are written relative to the working directory, since a show may be on a
read-only disk.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any, TypeGuard

from vj import sources
from vj.show.section import KeyPath
from vj.show.sound_section import names_file
from vj.sound.drawn import PREFIX
from vj.sources.file_names import is_there

Note = Callable[[KeyPath, str], None]

FILE_SOURCES = ("video", "image")
"""Kinds of sources whose URI ends in a file."""
LIST_SOURCES = ("clips", "walk")
"""Kinds of sources whose URI ends in a list of sources and files."""
PART_KEYWORDS = ("auto", "off", "full", "taesd")
"""Keywords in place of the path of a model's part."""
MODEL_WORDS = ("pocket", "drawn", "styles", "picture", "kiss", "fox", "paintbox", "none")
"""Names of models that are no path, whatever lies there."""
AUDIO_SUFFIXES = (".wav", ".mp3", ".flac", ".ogg", ".m4a", ".mp4", ".mkv")
LENT: set[Path] = set()
"""Folders of shows that are there only while they play, those of pictures; no clip is there."""


def exists(path: Path) -> bool:
    """Whether the file or folder exists. A name that is invalid for the file system does not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_relative(name: object) -> TypeGuard[str]:
    """Whether a name is a path from some folder on: not absolute, from home, or an address."""
    return (
        isinstance(name, str)
        and bool(name)
        and not name.startswith("~")
        and "://" not in name
        and "\0" not in name
        and not PurePath(name).is_absolute()
    )


class PathResolver:
    """Resolves the paths of one show file, or of one that it includes."""

    def __init__(self, folder: Path, note: Note) -> None:
        """folder: of the file that names them. note: takes messages for the user, with the key
        path."""
        self._folder, self._note = folder, note

    def file(
        self,
        name: object,
        place: KeyPath,
        must_be_file: bool = True,
        there: Callable[[Path], bool] = exists,
    ) -> Any:
        """A name as a path that can be opened. must_be_file: it can be nothing but a file; other
        names are left alone unless there is one. there: whether there is, see `exists`."""
        if not is_relative(name) or str(self._folder) in ("", ".") or self._folder in LENT:
            return name
        full_path = self._folder / name
        if there(full_path):
            return str(full_path)
        if there(Path(name)):
            self._note(
                place,
                f"{name}: is not beside the show; the one in the working directory is used",
            )
            return name
        return str(full_path) if must_be_file else name

    def uri(self, uri: object, place: KeyPath) -> Any:
        """The URI of a source. Names that are no path are left unchanged, and reported later as of
        no known kind."""
        if not isinstance(uri, str):
            return uri
        kind, colon, rest = uri.partition(":")
        if kind in FILE_SOURCES and colon:
            return f"{kind}:{self.file(rest, place, there=_plays)}"
        if kind in LIST_SOURCES and colon:
            if "," in str(self._folder):
                return uri  # a comma would end the name
            return f"{kind}:{','.join(self.uri(part.strip(), place) for part in rest.split(','))}"
        if kind in sources.KINDS:
            return uri
        is_file = "/" in uri or "\\" in uri or bool(PurePath(uri).suffix)
        return self.file(uri, place, is_file, _plays)


def _plays(path: Path) -> bool:
    return is_there(str(path))


def is_called(name: object, named: object) -> bool:
    """Whether a source is a word among the names of `sources:`; a folder of that name beside the
    show is then not meant. named: the section's plain value."""
    word = str(name)
    is_word = not re.search(r"[\\/:.]", word) and word not in sources.KINDS
    return isinstance(named, dict) and is_word and word in {str(one) for one in named}


def resolve_paths(plain: dict[str, Any], folder: Path, note: Note) -> None:
    """Resolve all paths in a show's plain values. Values of a wrong type are left to validation."""
    resolve_with(plain, PathResolver(folder, note))


def resolve_with(plain: dict[str, Any], resolver: PathResolver) -> None:
    """The same, each as the resolver says."""
    named = plain.get("sources")
    _each(
        plain,
        "source",
        (),
        lambda value, place: value if is_called(value, named) else resolver.uri(value, place),
    )
    _values(plain, "sources", lambda value, place: resolver.uri(value, place))
    for key in ("finish", "style_pictures"):
        _each(plain, key, (), lambda value, place: resolver.file(value, place))
    _each(
        plain,
        "portraits",
        (),
        lambda value, place: (
            value if str(value).startswith("drawn:") else resolver.file(value, place)
        ),
    )
    for key in ("person", "depth"):
        _one(plain, key, (), "model", resolver)
    _model(plain, ("model",), resolver)
    models = plain.get("models")
    if isinstance(models, dict):
        for name in models:
            _model(models, ("models", name), resolver)
    recipes = plain.get("with")
    if isinstance(recipes, dict):
        for kind, recipe in recipes.items():
            if isinstance(recipe, dict):
                _model(recipe, ("with", kind, "model"), resolver)
    _each(plain, "effects", (), lambda value, place: _effect(value, place, resolver))
    upscale, flow = plain.get("upscale"), plain.get("flow")
    if isinstance(upscale, str) and PurePath(upscale).suffix:
        plain["upscale"] = resolver.file(upscale, ("upscale",))
    if isinstance(flow, str) and flow.startswith("raft:"):
        plain["flow"] = f"raft:{resolver.file(flow.removeprefix('raft:'), ('flow',))}"
    sound = plain.get("sound")
    if isinstance(sound, str) and names_file(sound):
        plain["sound"] = resolver.file(sound, ("sound",))
    sounds = plain.get("sounds")
    if isinstance(sounds, dict):
        for name, rule in sounds.items():
            file = rule.get("file") if isinstance(rule, dict) else rule
            if isinstance(file, str) and names_file(file) and not file.startswith(PREFIX):
                _one(sounds, name, ("sounds",), "file", resolver)
    modulators = plain.get("modulators")
    for index, rule in enumerate(modulators if isinstance(modulators, list) else []):
        if (
            isinstance(rule, dict)
            and isinstance(rule.get("input"), str)
            and PurePath(rule["input"]).suffix
        ):
            must_be_file = PurePath(rule["input"]).suffix.lower() in AUDIO_SUFFIXES
            rule["input"] = resolver.file(
                rule["input"], ("modulators", index, "input"), must_be_file
            )


def _model(plain: dict[str, Any], place: KeyPath, resolver: PathResolver) -> None:
    """A model's name and its parts, the entry of `plain` at the last key of its place. An id such
    as owner/name is one unless there is such a folder."""
    model = plain.get(place[-1])
    if isinstance(model, str):
        plain[place[-1]] = _model_name(model, place, resolver)
    if not isinstance(model, dict):
        return
    if "name" in model:
        model["name"] = _model_name(model["name"], (*place, "name"), resolver)
    for key in ("vae", "lcm_lora", "config", "image_encoder"):
        if key in model and model[key] not in PART_KEYWORDS:
            model[key] = resolver.file(model[key], (*place, key), is_path(model[key]))
    if "ip_adapter" in model:
        model["ip_adapter"] = resolver.file(model["ip_adapter"], (*place, "ip_adapter"))
    for key in ("image_prompts", "style_pictures"):
        _each(model, key, place, lambda value, at: resolver.file(value, at))
    for key in ("loras", "embeddings"):
        _each(model, key, place, lambda value, at: _part(value, at, resolver))
    for key in ("controlnet", "t2i_adapter"):
        _each(model, key, place, lambda value, at: _guided(value, at, resolver))


def _model_name(name: object, place: KeyPath, resolver: PathResolver) -> Any:
    return name if name in MODEL_WORDS else resolver.file(name, place, is_path(name))


def is_path(name: object) -> bool:
    """Whether a model's name must be a path: neither a word nor an id such as owner/name."""
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


def _part(value: Any, place: KeyPath, resolver: PathResolver) -> Any:
    if isinstance(value, dict) and "file" in value:
        return {**value, "file": resolver.file(value["file"], (*place, "file"))}
    return resolver.file(value, place) if isinstance(value, str) else value


def _effect(value: Any, place: KeyPath, resolver: PathResolver) -> Any:
    """An effect: its file, or a section with it. A name without an ending comes with vj."""
    if isinstance(value, dict) and str(value.get("file")).endswith(".py"):
        return {**value, "file": resolver.file(value["file"], (*place, "file"))}
    return resolver.file(value, place) if str(value).endswith(".py") else value


def _guided(value: Any, place: KeyPath, resolver: PathResolver) -> Any:
    """A ControlNet or T2I-Adapter: its name, or a section with it."""
    if isinstance(value, dict) and "model" in value:
        name = value["model"]
        return {**value, "model": resolver.file(name, (*place, "model"), is_path(name))}
    return resolver.file(value, place, is_path(value)) if isinstance(value, str) else value


def _one(
    plain: dict[str, Any], key: str, above: KeyPath, inner: str, resolver: PathResolver
) -> None:
    """A file that is the value itself, or an entry of a section."""
    value = plain.get(key)
    if isinstance(value, dict) and inner in value:
        value[inner] = resolver.file(value[inner], (*above, key, inner))
    elif isinstance(value, str):
        plain[key] = resolver.file(value, (*above, key))


def _each(
    plain: dict[str, Any], key: str, above: KeyPath, change: Callable[[Any, KeyPath], Any]
) -> None:
    """One value, or each of a list."""
    value = plain.get(key)
    if isinstance(value, list):
        plain[key] = [change(one, (*above, key, index)) for index, one in enumerate(value)]
    elif value is not None:
        plain[key] = change(value, (*above, key))


def _values(plain: dict[str, Any], key: str, change: Callable[[Any, KeyPath], Any]) -> None:
    """Each value of a mapping, or of a list."""
    value = plain.get(key)
    if isinstance(value, dict):
        plain[key] = {name: change(one, (key, name)) for name, one in value.items()}
    else:
        _each(plain, key, (), change)
