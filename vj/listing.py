"""`launch.py list`: what this machine has, and why anything is missing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from vj.errors import Fault


def show_list(say: Callable[[str], None]) -> int:
    """Say cameras, NDI and Spout senders, MIDI devices, graphics cards, models and shows. Takes about two seconds, for NDI's discovery."""
    for title, lines in (
        ("cameras", _cameras()),
        ("NDI sources", _ndi()),
        ("Spout senders", _spout()),
        ("MIDI devices", _midi()),
        ("computing", _devices()),
        ("models", _models()),
        ("shows", _shows()),
    ):
        say(title)
        for line in lines:
            say(f"  {line}")
    return 0


def _cameras() -> Iterator[str]:
    from vj.sources.camera import list_cameras

    found, reason = list_cameras()
    yield from (f"camera:{index}  {name}" for index, name in found)
    if not found:
        yield f"none ({reason})"


def _ndi() -> Iterator[str]:
    from vj.sources.ndi import list_ndi_sources

    try:
        found = list_ndi_sources()
    except Fault as fault:
        yield f"unavailable: {fault}"
        return
    yield from (f"ndi:{name}" for name in found)
    if not found:
        yield "none heard in 1.5 s (a sender in another network is found by its address: ndi_addresses in a show)"


def _midi() -> Iterator[str]:
    from vj.control.midi_ports import make_backend, plain_name

    try:
        names = [plain_name(name) for name in make_backend().get_input_names()]
    except Exception as error:  # no python-rtmidi, or no sequencer on this machine
        yield f"unavailable: {error}"
        return
    yield from (names or ["none plugged in"])


def _spout() -> Iterator[str]:
    from vj.sources.spout import list_spout_senders

    try:
        found = list_spout_senders()
    except Fault as fault:
        yield f"unavailable: {fault}"
        return
    yield from (f"spout:{name}" for name in found)
    if not found:
        yield "none"


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
            yield f"cupy unavailable ({error}): start launch.py again, it installs the matching one"
    else:
        why = "this PyTorch is built for the CPU" if torch.version.cuda is None else "no NVIDIA driver answers"
        yield f"no NVIDIA card in use ({why})"
    if torch.backends.mps.is_available():
        yield "mps  Apple's GPU"
    yield f"cpu  {torch.get_num_threads()} threads"


def _models() -> Iterator[str]:
    from vj.engine.pocket_model import pocket_file

    own = pocket_file("pocket")
    yield "pocket  the built-in one" if own is not None and own.is_file() else "pocket  unavailable: its weights are missing"
    yield "drawn  the techniques that the built-in one was taught, drawn as they are"
    yield "none  the input goes through feedback, smoothing and mixing only"
    hub = Path(os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME") or Path.home() / ".cache/huggingface") / "hub")
    for folder in sorted(hub.glob("models--*")):
        if any(folder.glob("snapshots/*/model_index.json")):
            yield "/".join(folder.name.split("--")[1:])


def _shows() -> Iterator[str]:
    from vj.show.load import FIRST_SHOW, load_show

    for path in sorted(FIRST_SHOW.parent.glob("*.yaml")):
        try:
            yield f"{path.stem}  {load_show(path).show}"
        except Fault as fault:
            yield f"{path.stem}  faulty: {fault}"
