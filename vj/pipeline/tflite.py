"""A TensorFlow Lite network on the CPU: by LiteRT where it is installed, else by OpenCV.

Both give the same numbers within rounding. LiteRT takes a third of the time, but there is no build
of it for every machine; OpenCV is here anyway. Its newer engine returns the first output only, so
the classic one is asked for by name.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import struct
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Size

Engine = Literal["litert", "opencv"]

_CHATTER = (b"INFO:", b"WARNING: All log messages before absl")
"""How the lines begin that LiteRT writes while it loads a file, and that tell the user nothing."""
_redirected = threading.Lock()


class TfliteNetwork:
    """A network of one file. It belongs to one thread at a time."""

    engine: Engine
    """What runs it."""
    input_size: Size
    """Of the picture that it takes."""

    def __init__(self, path: Path, threads: int = 1, engine: Engine | None = None) -> None:
        """threads: of LiteRT; OpenCV has its own, which the whole process shares. engine: None for
        LiteRT where it can be had.

        Raises Fault for a file that is missing, is something else, or cannot be run.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Fault(f"{path}: cannot be read ({error.strerror})") from None
        try:
            self.input_size = _input_size(content)
        except (struct.error, IndexError, ValueError):
            raise Fault(
                f"{path}: is not a TensorFlow Lite network that takes one picture (1, H, W, 3)"
            ) from None
        self._lite: Any = None
        self._net: Any = None
        reasons = []
        for one in ("litert", "opencv") if engine is None else (engine,):
            try:
                if one == "litert":
                    self._lite = _interpreter(content, threads)
                else:
                    # by its path: asked to read bytes it disregards which engine is wanted
                    self._net = cv2.dnn.readNetFromTFLite(str(path), cv2.dnn.ENGINE_CLASSIC)
                self.engine = "litert" if one == "litert" else "opencv"
                break
            except Exception as error:  # each engine has its own kinds
                reasons.append(f"{one}: {' '.join(str(error).split())[:160]}")
        else:
            raise Fault(f"{path}: cannot be run ({'; '.join(reasons)})")
        if self._lite is not None:
            self._input = self._lite.get_input_details()[0]["index"]
            self._outputs = {out["name"]: out["index"] for out in self._lite.get_output_details()}

    def run(self, picture: np.ndarray) -> dict[str, np.ndarray]:
        """picture: (1, H, W, 3) float32 of `input_size`, in the network's own range -> its outputs
        by name, float32, with the axes as the file has them: a mask is (1, H, W, 1). Raises
        whatever the engine does."""
        if self._lite is not None:
            self._lite.set_tensor(self._input, picture)
            self._lite.invoke()
            return {name: self._lite.get_tensor(index) for name, index in self._outputs.items()}
        self._net.setInput(np.ascontiguousarray(picture.transpose(0, 3, 1, 2)))
        names = self._net.getUnconnectedOutLayersNames()
        return {
            name: out.transpose(0, 2, 3, 1) if out.ndim == 4 else out
            for name, out in zip(names, self._net.forward(names), strict=True)
        }


def _interpreter(content: bytes, threads: int) -> Any:
    """LiteRT's, ready to run. Raises ImportError where it is not installed, and its own errors."""
    module: Any = importlib.import_module("ai_edge_litert.interpreter")
    with _without_chatter():
        lite = module.Interpreter(model_content=content, num_threads=threads)
        lite.allocate_tensors()
    return lite


@contextlib.contextmanager
def _without_chatter() -> Iterator[None]:
    """Keep LiteRT's lines out of the terminal, where the status line of a show stands.

    They come from C++ straight to the file descriptor, and nothing switches them off. So for the
    milliseconds in which a file is loaded stderr goes to a file; what others wrote meanwhile is
    written to the terminal afterwards.
    """
    with _redirected, contextlib.ExitStack() as ends:
        try:
            sys.stderr.flush()
            terminal = os.dup(2)
            ends.callback(os.close, terminal)
            meanwhile = ends.enter_context(tempfile.TemporaryFile())
            os.dup2(meanwhile.fileno(), 2)
        except (OSError, ValueError, AttributeError):  # no stderr, or nowhere to write
            yield
            return
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            meanwhile.seek(0)
            lines = meanwhile.read().splitlines(keepends=True)
            kept = b"".join(line for line in lines if not line.startswith(_CHATTER))
            with contextlib.suppress(OSError):
                os.write(2, kept)


def _input_size(content: bytes) -> Size:
    """The size of the picture that a TFLite file's network takes; OpenCV does not tell it.

    Raises struct.error, IndexError or ValueError for what is no such file. The format is a
    flatbuffer: Model.subgraphs[0].tensors[inputs[0]].shape, fields 2, 0 and 1, 0 of schema.fbs.
    """

    def uint(at: int) -> int:
        return int(struct.unpack_from("<I", content, at)[0])

    def field(table: int, number: int) -> int:
        """Where the vector lies that a field of a table refers to."""
        fields = table - int(struct.unpack_from("<i", content, table)[0])
        if fields < 0 or 4 + 2 * number >= struct.unpack_from("<H", content, fields)[0]:
            raise ValueError("no such field")
        offset = int(struct.unpack_from("<H", content, fields + 4 + 2 * number)[0])
        if offset == 0:
            raise ValueError("no such field")
        return table + offset + uint(table + offset)

    def element(vector: int, number: int) -> int:
        """Where an element of a vector of 4 bytes each lies."""
        if number >= uint(vector):
            raise ValueError("no such element")
        return vector + 4 + 4 * number

    if content[4:8] != b"TFL3":
        raise ValueError("not a TFLite file")
    graph = element(field(uint(0), 2), 0)
    graph += uint(graph)
    tensor = element(field(graph, 0), uint(element(field(graph, 1), 0)))
    tensor += uint(tensor)
    shape = field(tensor, 0)
    sides = [uint(element(shape, axis)) for axis in range(uint(shape))]
    if len(sides) != 4 or sides[0] != 1 or sides[3] != 3:
        raise ValueError("not one picture")
    return Size(sides[2], sides[1])
