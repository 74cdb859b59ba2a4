"""Whether the pictures, clips, sounds and folders that a show names are there, and can be had on
this machine."""

from __future__ import annotations

import importlib.util
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path, PurePath

from vj import sinks, sources
from vj.commands.check_result import CheckResult
from vj.core.clock import FrameClock
from vj.core.errors import Fault, Unavailable, nearest_file
from vj.core.frame import Size
from vj.core.media_file import opened
from vj.display.glfw_window import no_display_here
from vj.install_plan import ADD
from vj.show.modulator_section import SOURCE_SOUND
from vj.show.paths import AUDIO_SUFFIXES
from vj.show.schema import Show
from vj.show.section import KeyPath
from vj.show.sound_section import sound_choice
from vj.sources.transport import TransportControl

SYSTEMS = {
    "spout": ("win32", "Spout is for Windows only"),
    "syphon": ("darwin", "Syphon is for macOS only"),
}
"""Kinds of sources and sinks of one system, as sys.platform calls it."""
LIBRARIES = {
    "ndi": ("NDIlib", "ndi-python"),
    "screen": ("mss", "mss"),
    "spout": ("SpoutGL", "SpoutGL"),
    "syphon": ("syphon", "syphon-python"),
    "virtualcam": ("pyvirtualcam", "pyvirtualcam"),
    "display": ("moderngl", "glfw and moderngl"),
}
"""What kinds need: a module, and what its makers call it."""
DRAWN = ("testcard", "drawn", "draw", "none")
"""Sources that are made here and always open; whether there is such a scene is found out by opening
it."""

SMALL = Size(64, 64)
"""At which what is drawn is opened: nobody looks at it."""


def check_files(show: Show, result: CheckResult) -> None:
    """Opens every file once, for long enough to know what it is."""
    for index, uri in enumerate(show.source):
        others = any(_here(other) for other in show.source if other != uri)
        _source(uri, ("source", index), result, others)
    for name, uri in show.sources.items():
        _source(uri, ("sources", name), result, True)
    for index, uri in enumerate(show.sinks):
        others = any(_here(other) for other in show.sinks if other != uri and other != "preview")
        _sink(uri, ("sinks", index), result, others)
    for index, rule in enumerate(show.modulators):
        if rule.hears and rule.input != SOURCE_SOUND:
            _sound(rule.input, ("modulators", index, "input"), result)
    sound = sound_choice(show.sound)
    if sound.kind in ("file", "input"):
        _sound(sound.name, ("sound",), result, sound.kind == "file")
    for name, track in show.sounds.items():
        if not track.drawn:
            _sound(track.file, ("sounds", name), result, True)
    if show.person is not None:
        _person(show, result)
    if show.depth is not None:
        _depth(show, result)
    _motion_and_size(show, result)


def _here(uri: str) -> bool:
    """A source or sink of this system."""
    kind = uri.partition(":")[0]
    return kind not in SYSTEMS or SYSTEMS[kind][0] == sys.platform


def _source(uri: str, place: KeyPath, result: CheckResult, others: bool) -> None:
    """others: there are some that can play in its place."""
    kind, rest = sources.split_uri(uri)
    if not _here(uri):
        refusal = f"{uri}: {SYSTEMS[kind][1]}; ndi:NAME plays here"
        (result.warn if others else result.error)(place, refusal)
    elif kind in ("clips", "walk"):
        for part in (part.strip() for part in rest.split(",")):
            if kind == "walk" and not part.startswith(("drawn:", "image:")):
                part = f"image:{part}"
            _source(part, place, result, others)
    elif kind in ("video", "image"):
        if _waits(rest):
            result.skip(f"{uri} (is no plain file, opening it may wait)")
        else:
            _try(lambda: _open(uri, result), place, result)
    elif kind in DRAWN:
        _try(lambda: _open(uri, result), place, result)
    elif not (
        _lacks(kind, uri, place, result, others)
        or (kind == "screen" and _sees_no_screen(uri, place, result, others))
    ):
        result.skip(f"{uri} (may come later)")


def _lacks(kind: str, uri: str, place: KeyPath, result: CheckResult, others: bool) -> bool:
    """Whether its library is missing, which is reported. others: some can play in its place."""
    module, package = LIBRARIES.get(kind, ("", ""))
    if not module or importlib.util.find_spec(module) is not None:
        return False
    # its part of the installation is called like the kind
    (result.warn if others else result.error)(place, f"{uri} needs {package}: {ADD} {kind}")
    return True


def _sees_no_screen(uri: str, place: KeyPath, result: CheckResult, others: bool) -> bool:
    """Whether no program may look at the screen here, which is reported. others: as above."""
    from vj.sources.screen import list_screens

    try:
        list_screens()
    except Unavailable as fault:
        (result.warn if others else result.error)(place, fault)
        return True
    except Fault:  # of a desktop that may come
        pass
    return False


def _open(uri: str, result: CheckResult) -> None:
    settings = sources.SourceSettings(FrameClock(30.0), size=SMALL, transport=TransportControl())
    source = sources.make_source(uri, settings)
    try:
        source.open()
        length = getattr(source, "length", None)
        if length is not None:
            result.lengths[uri] = length
    finally:
        source.close()


def _try(open_it: Callable[[], object], place: KeyPath, result: CheckResult) -> None:
    try:
        open_it()
    except Fault as fault:
        result.error(place, fault)
    except Exception as error:  # whatever a library throws at a file is about the file
        result.error(place, f"cannot be opened ({type(error).__name__}: {error})"[:300])


def _waits(name: str) -> bool:
    """A pipe or a device: opening it may wait for ever."""
    try:
        mode = Path(name).expanduser().stat().st_mode
    except (OSError, ValueError, RuntimeError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _sink(uri: str, place: KeyPath, result: CheckResult, others: bool) -> None:
    kind, rest = sinks.split_uri(uri)
    if not _here(uri):
        refusal = f"{uri}: {SYSTEMS[kind][1]}; here use ndi:{rest or 'vj'}"
        (result.warn if others else result.error)(place, refusal)
    elif kind == "record":
        folder = Path(rest).expanduser()
        if not rest.endswith(("/", "\\")) and PurePath(rest).suffix:
            folder = folder.parent
        reason = _unwritable(folder)
        if reason:
            result.error(place, f"{uri}: {reason}")
    elif kind == "display" and no_display_here():
        result.warn(place, f"{uri}: {no_display_here()}; the other sinks play")
    elif kind != "preview" and not _lacks(kind, uri, place, result, others):
        result.skip(f"{uri} (is opened when the show starts)")


def _unwritable(folder: Path) -> str:
    """Why nothing can be written in a folder, or in the nearest there is above it; empty when
    something can."""
    try:
        there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    except (OSError, ValueError, StopIteration) as error:
        return f"cannot be written ({getattr(error, 'strerror', None) or error})"
    if not there.is_dir():
        return f"{there} is a file, and a folder would be right"
    return "" if os.access(there, os.W_OK | os.X_OK) else f"{there} cannot be written to"


def _sound(name: str, place: KeyPath, result: CheckResult, must_be_file: bool = False) -> None:
    """A file with sound in it; other names are inputs of the sound card."""
    import av

    path = Path(name).expanduser()
    suffixed = must_be_file or path.suffix.lower() in AUDIO_SUFFIXES
    if not suffixed and not (path.suffix and path.is_file()):
        result.skip(f"the sound input {name}".rstrip())
        return
    if not path.is_file():
        result.error(place, f"audio {name}: no such file{nearest_file(path)}")
        return
    try:
        with opened(path) as container:
            if not container.streams.audio or next(container.decode(audio=0), None) is None:
                result.error(place, f"audio {name}: has no sound")
    except (OSError, av.FFmpegError) as error:
        result.error(
            place, f"audio {name}: cannot be read ({getattr(error, 'strerror', None) or error})"
        )


def _person(show: Show, result: CheckResult) -> None:
    from vj.pipeline.person_segmentation import PersonModel

    assert show.person is not None
    path, wanted = Path(show.person.model).expanduser(), show.person.input
    _try(lambda: PersonModel(path, wanted), ("person", "model"), result)


def _depth(show: Show, result: CheckResult) -> None:
    from vj.pipeline.depth_model import DepthModel

    assert show.depth is not None
    path = Path(show.depth.model).expanduser()
    _try(lambda: DepthModel(path), ("depth", "model"), result)


def _motion_and_size(show: Show, result: CheckResult) -> None:
    """Models for motion and for upscaling: whether their files are there."""
    named: list[tuple[KeyPath, str, str]] = []
    if PurePath(show.upscale).suffix:
        named.append((("upscale",), "upscale", show.upscale))
    if show.flow.startswith("raft:"):
        named.append((("flow",), "flow raft", show.flow.removeprefix("raft:")))
    named += [(("finish", index), "finish", name) for index, name in enumerate(show.finish)]
    for place, what, name in named:
        path = Path(name).expanduser()
        if not path.is_file():
            result.error(place, f"{what} {name}: there is no such file{nearest_file(path)}")
        elif path.stat().st_size == 0:
            result.error(place, f"{what} {name}: is empty; fetch it again")
        else:
            result.skip(f"what is in {name}")
