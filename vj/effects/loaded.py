"""An effect's file as a function that can be called with frames: run once, called with what it asks
for, and what it gives looked at."""

from __future__ import annotations

import linecache
import math
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from vj.core.errors import Fault, nearest, told
from vj.effects.header import FUNCTION, EffectHeader, syntax_fault
from vj.parameters.row import Parameter

if TYPE_CHECKING:
    from torch import Tensor

TRIED = 48, 64
"""Height and width of the picture that an effect is tried with."""
TRIED_TIMES = (0.0, 1 / 30, 2 / 30)
"""Seconds."""


class FrameTime(float):
    """Seconds on the show's clock, a number as any other. number: of the frame, from 0. dt: seconds
    since the frame before, 0 in the first."""

    number: int
    dt: float

    def __new__(cls, seconds: float, number: int = 0, dt: float = 0.0) -> FrameTime:
        made = super().__new__(cls, seconds)
        made.number, made.dt = number, dt
        return made


class EffectParameters:
    """The values of an effect's parameters in a frame: `parameters.delay`."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"no parameter {name} in the header{nearest(name, self.__dict__)}")


class LoadedEffect:
    """One file, run. Belongs to the thread that calls it. Raises Fault in its constructor."""

    def __init__(self, name: str, header: EffectHeader, device: str = "cpu") -> None:
        """name: as the show calls it. device: where tensors are, for `frames = "torch"`."""
        self.name, self.header, self._device = name, header, device
        self._function = self._run()

    def _run(self) -> Callable[..., Any]:
        """The file's function. What the file does at its top is done here."""
        header = self.header
        shown = f"{header.file}"
        module = ModuleType(f"vj_effect_{self.name}")
        module.__file__ = header.file
        sys.modules[module.__name__] = module  # where dataclasses look for the words of a class
        linecache.cache[shown] = (  # the lines that were run, whatever the file says by now
            len(header.text),
            None,
            header.text.splitlines(keepends=True),
            shown,
        )
        try:
            exec(compile(header.text, shown, "exec"), module.__dict__)
        except SyntaxError as error:
            raise Fault(syntax_fault(header.file, error)) from None
        except BaseException as error:
            raise self._contained(error) from None
        function = module.__dict__.get(FUNCTION)
        if not callable(function):
            raise Fault(f"{header.file}: {FUNCTION} is no function any more")
        return function  # type: ignore[no-any-return]

    def _contained(self, error: BaseException) -> BaseException:
        """What is raised in its place. It is somebody's program: all is contained, the panics of
        Rust's packages too, which are no Exception; but for a Ctrl-C of the terminal."""
        if isinstance(error, SystemExit):
            return Fault(f"{self.header.file}: ends the program; an effect returns a frame")
        main = threading.current_thread() is threading.main_thread()
        pressed = main and isinstance(error, KeyboardInterrupt)
        return error if pressed else Fault(self.fault(error))

    def fault(self, error: BaseException) -> str:
        """`trails.py:12: ValueError: ...: the line's text`. The line is the last one in the file
        itself."""
        file = self.header.file
        lines = [at for at in traceback.extract_tb(error.__traceback__) if at.filename == file]
        if not lines:
            return f"{file}: {told(error)}"
        text = (lines[-1].line or "").strip()
        what = f"{file}:{lines[-1].lineno}: {told(error)}{f': {text:.80}' if text else ''}"
        missing = (error.name or "") if isinstance(error, ModuleNotFoundError) else ""
        beside = f"{missing.partition('.')[0]}.py"
        if missing and (Path(file).parent / beside).is_file():
            what += f"; an effect is one file: {beside} beside it is not imported"
        return what

    def __call__(
        self,
        frame: np.ndarray,
        values: Mapping[str, Any],
        time: FrameTime,
        memory: dict[str, Any],
    ) -> np.ndarray:
        """frame: (H, W, 3) uint8, not written to. Returns another of the same shape. Raises Fault
        for whatever the file raises, and for what is no frame."""
        more = (memory,) if self.header.remembers else ()
        try:
            given = self._given(frame)
            made = self._function(given, EffectParameters(values), time, *more)
            return self._taken(made, frame.shape)
        except Fault:
            raise
        except BaseException as error:  # of the file, or of a card on the way
            raise self._contained(error) from None

    def _given(self, frame: np.ndarray) -> Any:
        """A frame of its own, which it may write into and keep."""
        if self.header.frames == "uint8":
            return frame.copy()
        if self.header.frames == "float32":
            return np.multiply(frame, np.float32(1 / 255), dtype=np.float32)
        torch = self._torch()
        return torch.from_numpy(frame.copy()).to(self._device).float().div_(255)

    def _torch(self) -> Any:
        try:
            import torch
        except ImportError:
            raise Fault(
                f'{self.header.file}: frames = "torch" needs PyTorch, which is not installed; '
                'frames = "float32" would be NumPy'
            ) from None
        return torch

    def _taken(self, made: Any, shape: tuple[int, ...]) -> np.ndarray:
        """What it returned, as (H, W, 3) uint8 of its own. Raises Fault for what is none."""
        kind = self.header.frames
        if kind == "torch" and not isinstance(made, np.ndarray):
            made = self._down(made)
        if not isinstance(made, np.ndarray):
            what = "nothing; return frame" if made is None else f"{type(made).__name__}; a frame"
            raise Fault(f"{self.header.file}: effect returned {what} would be right")
        if made.shape != shape:
            raise Fault(
                f"{self.header.file}: effect returned {made.shape}; {shape} would be right, as the "
                "frame came"
            )
        if kind == "uint8":
            if made.dtype != np.uint8:
                raise Fault(
                    f"{self.header.file}: effect returned {made.dtype}; uint8 would be right, or "
                    'frames = "float32" in the header for numbers from 0 to 1'
                )
            return made.copy()
        if made.dtype not in (np.float32, np.float64, np.float16):
            raise Fault(
                f"{self.header.file}: effect returned {made.dtype}; float32 from 0 to 1 would be "
                'right, or frames = "uint8" in the header'
            )
        made = np.ascontiguousarray(made, np.float32)
        if not math.isfinite(cv2.sumElems(made.reshape(made.shape[0], -1))[0]):
            raise Fault(f"{self.header.file}: effect returned numbers that are NaN or infinite")
        out: np.ndarray = cv2.addWeighted(made, 255, made, 0, 0, dtype=cv2.CV_8U)
        return out

    def _down(self, made: Any) -> Any:
        """A tensor as an array; anything else as it is."""
        if not isinstance(made, self._torch().Tensor):
            return made
        tensor: Tensor = made.detach()
        return tensor.float().cpu().numpy() if tensor.is_floating_point() else tensor.cpu().numpy()


def try_out(effect: LoadedEffect, rows: tuple[Parameter, ...]) -> None:
    """Call it with small pictures and the values that it starts with. Raises Fault."""
    height, width = TRIED
    ramp = np.linspace(0, 255, height * width * 3).reshape(height, width, 3).astype(np.uint8)
    values = {row.name: row.start for row in rows}
    memory: dict[str, Any] = {}
    before = 0.0
    for number, seconds in enumerate(TRIED_TIMES):
        effect(ramp, values, FrameTime(seconds, number, seconds - before), memory)
        before = seconds
