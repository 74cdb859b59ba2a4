"""The painters' networks, run by onnxruntime: a picture in, the painted one out. They paint any
size; nothing here needs PyTorch.

multistyle26.onnx: Dumoulin et al. 2017, "A Learned Representation for Artistic Style".
arbitrary_predict.onnx and arbitrary_transform.onnx: Ghiasi et al. 2017, "Exploring the structure of
a real-time, arbitrary neural artistic stylization network".
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.fetched import fetched, lacking
from vj.core.threads import fixed_threads
from vj.painters.graphs import styles_graph, transform_graph
from vj.painters.installed import NOT_INSTALLED, PREDICT, STYLES, TRANSFORM

if TYPE_CHECKING:
    import onnxruntime

MULTIPLE = 4
"""Sides come in steps of so many pixels; others are painted larger and cut."""
LEAST = 16
"""The networks mirror what is at their edges, and halve it twice before."""
VECTOR = 100
"""Numbers that a picture's style is."""
SEEN = 256
"""Side of the square of a style picture that is looked at, in pixels."""
CARDS, CPU = ("CUDAExecutionProvider", "DmlExecutionProvider"), "CPUExecutionProvider"


class PaintingNetwork(Protocol):
    """Paints a picture in a style. Not for two threads at a time."""

    def paint(self, picture: np.ndarray, style: np.ndarray) -> np.ndarray:
        """picture: (H, W, 3) uint8 RGB. style: float32, 26 weights of sum 1, or a vector of 100
        numbers. Returns (H, W, 3) float32 RGB, 0..1."""


def default_threads() -> int:
    """How many threads a frame is computed on, up to four: both cores of a small machine, where two
    threads took 33 ms for what one took 54 while nothing else computed, and as long as one beside
    other programs. Of more cores the show keeps one. Where a number is fixed, that."""
    if fixed := fixed_threads():
        return fixed
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = cores or 1
    return cores if cores <= 2 else min(4, cores - 1)


def open_session(
    model: str | bytes, threads: int, only_cpu: bool = False
) -> onnxruntime.InferenceSession:
    """A network in onnxruntime, on a card where the runtime has one. model: a path, or what is in
    the file. Raises Fault for a file that it cannot read, and without onnxruntime."""
    try:
        import onnxruntime
    except ImportError as error:
        raise Fault(f"onnxruntime cannot be imported ({error}): it {NOT_INSTALLED}") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # Threads that spin while they wait take the cores from the rest of the show: beside other
    # programs a frame took up to three times as long.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # errors are raised, too
    there = onnxruntime.get_available_providers()
    cards = [] if only_cpu else [name for name in CARDS if name in there]
    for providers in ([*cards, CPU], [CPU]):  # a card whose libraries are missing is none
        try:
            return onnxruntime.InferenceSession(model, options, providers=providers)
        except Exception as error:  # its errors are of many classes of its own
            fault = error
    name = Path(model).name if isinstance(model, str) else "a network"
    raise Fault(f"{name} cannot be read by onnxruntime ({fault})"[:300])


def fetched_file(name: str) -> Path:
    """A network's file. Raises Fault with the command that brings it."""
    path = fetched(name)
    if path is None:
        raise Fault(lacking("painters", (name,)))
    return path


class StylesNetwork:
    """The 26 learned styles: any mixture of them is one run."""

    def __init__(self, threads: int | None = None, only_cpu: bool = False) -> None:
        """threads: None for `default_threads`. Raises Fault."""
        graph = styles_graph(fetched_file(STYLES))
        self._session = open_session(graph, threads or default_threads(), only_cpu)

    @property
    def device(self) -> str:
        """`cpu`, `cuda` or `dml`."""
        return device_of(self._session)

    def paint(self, picture: np.ndarray, style: np.ndarray) -> np.ndarray:
        """See `PaintingNetwork`; style: 26 weights >= 0 of sum 1."""
        height, width = picture.shape[:2]
        planes = np.ascontiguousarray(as_floats(padded(picture)).transpose(2, 0, 1))[None]
        painted = self._session.run(None, {"image": planes, "style_weights": style})[0]
        return cut(np.ascontiguousarray(painted[0].transpose(1, 2, 0)), height, width)


class PictureNetwork:
    """Paints in the style of any picture, which is 100 numbers; vectors mix as styles do."""

    def __init__(self, threads: int | None = None, only_cpu: bool = False) -> None:
        """threads: None for `default_threads`. Raises Fault."""
        graph = transform_graph(fetched_file(TRANSFORM))
        self._session = open_session(graph, threads or default_threads(), only_cpu)
        self._predict = open_session(str(fetched_file(PREDICT)), 1, True)
        self._content, self._style = (entry.name for entry in self._session.get_inputs())

    @property
    def device(self) -> str:
        """`cpu`, `cuda` or `dml`."""
        return device_of(self._session)

    def style_of(self, picture: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 RGB -> its style, (100,) float32. From any thread."""
        seen = cv2.resize(middle(picture), (SEEN, SEEN), interpolation=cv2.INTER_AREA)
        made = self._predict.run(None, {"style_image": as_floats(seen)[None]})[0]
        return np.asarray(made, np.float32).reshape(VECTOR)

    def paint(self, picture: np.ndarray, style: np.ndarray) -> np.ndarray:
        """See `PaintingNetwork`; style: a mixture of what `style_of` made."""
        height, width = picture.shape[:2]
        given = {
            self._content: as_floats(padded(picture))[None],
            self._style: style.reshape(1, 1, 1, VECTOR),
        }
        return cut(self._session.run(None, given)[0][0], height, width)


def device_of(session: onnxruntime.InferenceSession) -> str:
    """`cpu`, `cuda` or `dml`: where a session computes."""
    first: str = session.get_providers()[0]
    return first.removesuffix("ExecutionProvider").lower()


def as_floats(picture: np.ndarray) -> np.ndarray:
    """uint8 0..255 -> float32 0..1; floats as they are."""
    return picture if picture.dtype == np.float32 else np.float32(1 / 255) * picture


def padded(picture: np.ndarray) -> np.ndarray:
    """With sides of `MULTIPLE`, at least `LEAST`; what is added at the right and below is
    mirrored."""
    down, right = (max(LEAST, side + -side % MULTIPLE) - side for side in picture.shape[:2])
    if not down and not right:
        return picture
    return cv2.copyMakeBorder(picture, 0, down, 0, right, cv2.BORDER_REFLECT)


def cut(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Without what `padded` added."""
    if picture.shape[:2] == (height, width):
        return picture
    return np.ascontiguousarray(picture[:height, :width])


def middle(picture: np.ndarray) -> np.ndarray:
    """The largest square in the middle: strokes shall not be stretched."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]
