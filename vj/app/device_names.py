"""The names of what this machine has: cameras, senders, MIDI devices, sound inputs, models. Each of
these may take a second; none of them opens a device."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable, Collection

from vj.control.midi import ports
from vj.core.errors import Fault
from vj.diffusion.model_names import hub_cache, own_translators
from vj.display.address import DisplayOptions, parse_display
from vj.display.child_process import list_monitors
from vj.display.monitors import chosen
from vj.show.names import BUILT_IN_MODELS
from vj.sources import KINDS
from vj.sources.camera import list_cameras

SENDERS = (
    *(("ndi:vj", "NDIlib", ""), ("spout:vj", "SpoutGL", "win32")),
    *(("syphon:vj", "syphon", "darwin"), ("virtualcam", "pyvirtualcam", "")),
)
"""Sinks that any show can have: the URI, the module it needs, the system it is for, if only one."""


def cameras() -> list[str]:
    """`camera:NAME`, or `camera:0` where the name could mean another one, too; empty where they
    cannot be listed."""
    found = list_cameras()[0]
    names = [name.casefold() for _, name in found]

    def is_clear(name: str) -> bool:
        meant = sum(name.casefold() in other for other in names)
        return meant == 1 and not name.strip().isdecimal()

    return [f"camera:{name if is_clear(name) else index}" for index, name in found]


def ndi_senders() -> list[str]:
    """`ndi:HOST (NAME)`. Takes a second and a half. Raises Fault without the library."""
    from vj.sources.ndi_senders import list_ndi_sources

    return [f"ndi:{name}" for name in list_ndi_sources()]


def spout_senders() -> list[str]:
    """`spout:NAME`. Raises Fault without the library."""
    from vj.sources.spout import list_spout_senders

    return [f"spout:{name}" for name in list_spout_senders()]


def syphon_servers() -> list[str]:
    """`syphon:APPLICATION NAME`. Raises ImportError without the library."""
    import syphon

    return [
        f"syphon:{server.app_name} {server.name}".strip()
        for server in syphon.SyphonServerDirectory().servers
    ]


def midi_inputs() -> list[str]:
    """Devices as mappings name them. Raises ImportError without a library, or whatever the library
    raises on a machine without MIDI."""
    found = [ports.plain_name(name) for name in ports.make_backend().get_input_names()]
    return list(dict.fromkeys(found))


def sound_inputs() -> list[str]:
    """Raises ImportError without the library, OSError without PortAudio, or PortAudio's own."""
    import sounddevice

    found = [
        str(device["name"])
        for device in sounddevice.query_devices()
        if device["max_input_channels"] > 0
    ]
    return list(dict.fromkeys(found))


def fetched_models() -> list[str]:
    """Hugging Face ids of models that were fetched before."""
    return [
        "/".join(folder.name.split("--")[1:])
        for folder in sorted(hub_cache().glob("models--*"))
        if any(folder.glob("snapshots/*/model_index.json"))
    ]


def possible_sinks() -> list[str]:
    """Sinks whose library is there, and the monitors."""
    senders = [
        uri
        for uri, module, system in SENDERS
        if system in ("", sys.platform) and importlib.util.find_spec(module) is not None
    ]
    return [*senders, *displays()]


def displays() -> list[str]:
    """`display:NAME`, or `display:2` where the name could mean another one, too, and a window;
    empty without a desktop."""
    try:
        monitors = list_monitors()
    except Fault:
        return []
    uris = []
    for monitor in monitors:
        clear = chosen(monitors[::-1], monitor.name) == chosen(monitors, monitor.name) == monitor
        plain = clear and parse_display(monitor.name) == DisplayOptions(monitor.name, False)
        uris.append(f"display:{monitor.name if plain else monitor.number}")
    return [*uris, "display:window"] if uris else []


def screens() -> list[str]:
    """`screen:1` and so on, every monitor. Raises Fault without a desktop that can be looked at."""
    from vj.sources.screen import list_screens

    return [f"screen:{number}" for number, _, _ in list_screens()]


def found_sources() -> list[str]:
    """Everything that can be a source now, and the test card; the canvas, where there is one; the
    monitors."""
    looks: list[Callable[[], list[str]]] = [cameras, ndi_senders]
    looks += [spout_senders] if sys.platform == "win32" else []
    looks += [syphon_servers] if sys.platform == "darwin" else []
    own = ["testcard", *(["draw"] if "draw" in KINDS else [])]
    return [name for look in looks for name in or_none(look)] + own + or_none(screens)


def found_models() -> list[str]:
    """The built-in models, those that were trained here, and those that were fetched."""
    return [*BUILT_IN_MODELS, *or_none(own_translators), *or_none(fetched_models)]


def or_none(look: Callable[[], list[str]]) -> list[str]:
    """What a look finds; nothing where it raises: `launch.py list` says why, and what helps."""
    try:
        return look()
    except Exception:  # each library has its own way to refuse
        return []


FRESH = 10.0
"""Seconds for which it is not looked anew."""


class MachineDevices:
    """What this machine has, by kind. From any thread; a look takes some two seconds."""

    def __init__(
        self, now: Callable[[], float], own_senders: Callable[[], Collection[str]]
    ) -> None:
        """now: seconds. own_senders: full names of NDI senders that are no sources: this show's."""
        self._now, self._own_senders = now, own_senders
        self._looking = threading.Lock()
        self._found: tuple[float, dict[str, list[str]]] | None = None

    def names(self) -> dict[str, list[str]]:
        """`{source: [names], audio: ..., midi: ..., sinks: ..., model: ...}`."""
        now = self._now()
        with self._looking:
            if self._found is None or not now - self._found[0] < FRESH:
                own = {f"ndi:{name}" for name in self._own_senders()}
                found = {
                    "source": [name for name in found_sources() if name not in own],
                    "audio": or_none(sound_inputs),
                    "midi": or_none(midi_inputs),
                    "sinks": or_none(possible_sinks),
                    "model": found_models(),
                }
                self._found = self._now(), found
            return self._found[1]
