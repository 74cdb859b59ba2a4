"""The sources and models of a show by the names that a performer chooses them by. A name is never a
path: what is a file is called after it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import BeforeValidator

from vj.core.errors import Fault
from vj.show.model_section import ModelSection
from vj.show.paths import AUDIO_SUFFIXES, FILE_SOURCES, LIST_SOURCES, MODEL_WORDS, is_called
from vj.sinks import KINDS as SINKS
from vj.sinks.rule import parse
from vj.sources import check_uri, split_uri
from vj.sources.network import is_address, public_address, without_password

BUILT_IN_MODELS = MODEL_WORDS
"""Models that there are in every show."""


def _name(value: object) -> str:
    """A name in a show file: YAML reads some as numbers."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not text.strip():
        raise ValueError("a name is wanted before the colon")
    return text


ChosenName = Annotated[str, BeforeValidator(_name)]


def as_named(value: object) -> object:
    """Names and URIs as they are; a list of URIs, or one, names itself."""
    uris = [value] if isinstance(value, str) else value
    if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
        return value
    return named(uris)


def public_name(uri: str) -> str:
    """What a source or a sink is called in front of an audience: `video:/home/me/loop.mp4` is
    loop.mp4, `record:/mnt/takes/` is record:takes, `camera:0` is itself; `ndi:key?show=mask` is
    ndi:key mask."""
    kind, colon, rest = uri.partition(":")
    if "?" in rest and kind in SINKS:
        return _rule_name(uri)
    if kind == "record" and colon:
        return f"record:{_last_part(rest)}"
    try:
        kind, rest = split_uri(uri)
    except Fault:
        return uri  # of a sink
    if is_address(rest):
        return public_address(rest)
    if kind in FILE_SOURCES:
        return _last_part(rest)
    if kind == "camera" and rest.startswith("/"):
        return f"camera:{_last_part(rest)}"
    if kind in LIST_SOURCES:
        return f"{kind}:{', '.join(clip_name(part.strip()) for part in rest.split(','))}"
    return uri


def _rule_name(text: str) -> str:
    """A sink's by where it goes and what it shows."""
    try:
        rule = parse(text)
    except Fault:
        return text  # of a source
    if rule.to == text:
        return text
    return public_name(rule.to) + ("" if rule.show == "final" else f" {rule.show}")


def without_paths(text: str, uris: Iterable[str]) -> str:
    """A line about sources or sinks for everybody's eyes: each URI in it by its public name."""
    for uri in sorted(set(uris), key=len, reverse=True):
        text = text.replace(uri, public_name(uri))
        text = text.replace(without_password(uri), public_name(uri))
    return text


def audio_name(name: str) -> str:
    """The same of a follower's input: an audio file, or a part of a device's name."""
    if PurePath(name).suffix.lower() in AUDIO_SUFFIXES:
        return _last_part(name)
    return name or "default input"


def clip_name(part: str) -> str:
    """A picture or a clip of a list; `drawn:meadow` keeps its kind."""
    return part if part.startswith("drawn:") else _last_part(part)


def _last_part(path: str) -> str:
    """A path's last part, as either system separates them."""
    return next((part for part in reversed(re.split(r"[\\/]", path)) if part), "")


def named(uris: Sequence[str], taken: Sequence[str] = ()) -> dict[str, str]:
    """Public name -> URI; a second one of the same name is `NAME (2)`. taken: names of others."""
    found: dict[str, str] = {}
    for uri in uris:
        found[_free(public_name(uri) or uri, [*found, *taken])] = uri
    return found


def _free(name: str, taken: Collection[str]) -> str:
    """A name, or the first of `NAME (2)`, `NAME (3)`, ... that nothing else is called."""
    numbered = (f"{name} ({number})" for number in range(2, len(taken) + 3))
    return next(one for one in (name, *numbered) if one not in taken)


def play_by_names(plain: dict[str, Any]) -> None:
    """Replace names of `sources:` and `models:` that stand in `source:` and `model:` of a show's
    plain values by what they name. A URI, a path and a built-in model are what they say; a word is
    a name first, whatever folder is called so, too."""
    sources, models = as_named(plain.get("sources")), plain.get("models")
    if isinstance(sources, dict):
        uris = {str(name): uri for name, uri in sources.items() if isinstance(uri, str)}
        given = plain.get("source")
        if isinstance(given, list):
            plain["source"] = [_uri_called(one, uris) for one in given]
        elif given is not None:
            plain["source"] = _uri_called(given, uris)
    if isinstance(models, dict) and isinstance(plain.get("model"), str | int):
        sections = {str(name): section for name, section in models.items() if section}
        if str(plain["model"]) not in BUILT_IN_MODELS:
            plain["model"] = sections.get(str(plain["model"]), plain["model"])


def _uri_called(given: object, uris: Mapping[str, str]) -> object:
    if str(given) not in uris:
        return given
    if is_called(given, uris):
        return uris[str(given)]
    try:
        check_uri(str(given))
    except Fault:
        return uris[str(given)]
    return given


def source_names(sources: Mapping[str, str], source: Sequence[str]) -> dict[str, str]:
    """Name -> URI of every source that a show names. sources, source: its sections; what stands in
    both is called as in `sources:`."""
    others = [uri for uri in source if uri not in sources.values()]
    return {**sources, **named(others, list(sources))}


def next_name(names: Sequence[str], name: str) -> str:
    """What follows a source in the show's `sources:`, after the last one the first; the first after
    one that is not among them. The same again where there is no other."""
    if name not in names:
        return names[0] if names else name
    return names[(names.index(name) + 1) % len(names)]


def model_names(models: Mapping[str, ModelSection], model: ModelSection) -> dict[str, ModelSection]:
    """Name -> model of every model that a show names, and of the built-in ones, which compute where
    the show's own does. models, model: its sections."""
    found = dict(models)
    if model not in found.values():
        found[_free(model_name(model), found)] = model
    for name in BUILT_IN_MODELS:
        found.setdefault(name, ModelSection(name=name, device=model.device))
    return found


def model_name(model: ModelSection) -> str:
    """`pocket`, `stabilityai/sd-turbo`; a file or folder by its last part."""
    path = model.name.startswith((".", "/", "~")) or "\\" in model.name
    path = path or model.name.count("/") > 1 or model.name.endswith("/")
    return _last_part(model.name) if path else model.name
