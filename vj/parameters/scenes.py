"""What the parameter `prompt/scenes` says: the texts that `prompt/position` walks through."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from vj.core.errors import Fault, nearest
from vj.parameters.colours import parse_ramp

MOST = 24
"""Scenes, at most: the embeddings of all of them are kept ready."""
KEYS = ("prompt", "palette", "image")
HOWTO = (
    'texts with | between them (a quiet sea | a storm), or JSON: ["a quiet sea", {"prompt": '
    '"a storm", "palette": "#102030 #fff", "image": "waves"}]'
)


@dataclass(frozen=True, slots=True)
class SceneText:
    """One place on the way. palette: colours, empty for those of the prompt's words. image: a
    style picture by its name, empty for none."""

    prompt: str
    palette: str = ""
    image: str = ""


@lru_cache(maxsize=32)
def parse_scenes(text: str) -> tuple[SceneText, ...]:
    """`"a quiet sea | a storm"`, or JSON of texts and mappings -> the scenes; empty text is none.
    Raises Fault."""
    if not text.strip():
        return ()
    if not text.lstrip().startswith("["):
        return _counted(tuple(SceneText(part.strip()) for part in text.split("|")))
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Fault(f"prompt/scenes: not JSON ({error}); {HOWTO}") from None
    return _counted(tuple(_scene(entry, place) for place, entry in enumerate(listed, 1)))


def written_scenes(scenes: tuple[SceneText, ...]) -> str:
    """The JSON that `parse_scenes` reads."""
    listed: list[Any] = []
    for scene in scenes:
        more = {key: text for key in KEYS[1:] if (text := getattr(scene, key))}
        listed.append({"prompt": scene.prompt, **more} if more else scene.prompt)
    return json.dumps(listed, ensure_ascii=False)


def along(position: float, count: int) -> list[float]:
    """The weights of `count` things at a place on the way from the first, 0, to the last, 1: of its
    two neighbours, and no others."""
    place = min(1.0, max(0.0, position)) * (count - 1)
    return [max(0.0, 1 - abs(place - index)) for index in range(count)]


def playing_scenes(values: Mapping[str, Any]) -> tuple[SceneText, ...]:
    """The scenes of a frame's values; none where prompt/list stands in for them."""
    if values["prompt/list"].strip():
        return ()
    return parse_scenes(values["prompt/scenes"])


def _scene(entry: object, place: int) -> SceneText:
    if isinstance(entry, str):
        return SceneText(entry)
    if not isinstance(entry, dict):
        raise Fault(f"prompt/scenes: scene {place}: {entry!r:.60} is no text; {HOWTO}")
    for key, value in entry.items():
        if key not in KEYS:
            raise Fault(
                f"prompt/scenes: scene {place}: {key!r:.40}: no such key"
                f"{nearest(str(key), KEYS)} ({', '.join(KEYS)})"
            )
        if not isinstance(value, str):
            raise Fault(f"prompt/scenes: scene {place}: {key}: {value!r:.60} is no text")
    try:
        parse_ramp(entry.get("palette", ""))
    except Fault as fault:
        raise Fault(f"prompt/scenes: scene {place}: palette: {fault}") from None
    return SceneText(entry.get("prompt", ""), entry.get("palette", ""), entry.get("image", ""))


def _counted(scenes: tuple[SceneText, ...]) -> tuple[SceneText, ...]:
    if len(scenes) > MOST:
        raise Fault(f"prompt/scenes: {len(scenes)} are too many; {MOST} at most")
    return scenes
