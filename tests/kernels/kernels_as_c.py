"""The GPU's kernels through the C compiler, and a stand-in for CuPy that runs them so."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import sys
import threading
from contextlib import nullcontext
from functools import cache, partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

KINDS = {np.dtype(np.int32): ("int", ctypes.c_int), np.dtype(np.float32): ("float", ctypes.c_float)}

OPTIONS: dict[torch.dtype, tuple[str, ...]] = {
    torch.float32: (),
    torch.float16: ("-DVJ_HALF",),
    torch.bfloat16: ("-DVJ_BF16",),
}
"""What a kernel's text is compiled with for a model's numbers."""


@cache
def signature(name: str, source: str) -> list[str]:
    """The kinds of a kernel's arguments, as its source has them: pointer, int or float."""
    arguments = re.search(rf"VJ_KERNEL {name}\((.*?)\)", source, re.DOTALL)[1].split(",")  # type: ignore[index]
    return ["pointer" if "*" in a else a.split()[0] for a in arguments]


class Compiled:
    """The kernels as C functions, called as CuPy would call them: arrays by address, NumPy numbers
    by value, in the source's order."""

    def __init__(self, folder: Path, text: str, *options: str) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            pytest.skip("no C compiler: install gcc or clang to test the kernels' text")
        source, library = folder / "kernels.c", folder / "kernels.so"
        source.write_text(text)
        strict = (
            "-std=c99",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-O2",
            "-ffp-contract=off",
        )  # as NumPy: every product rounded
        command = [
            compiler,
            *strict,
            *options,
            "-shared",
            "-fPIC",
            str(source),
            "-o",
            str(library),
            "-lm",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "_Float16" in done.stderr:
            pytest.skip(f"{compiler} knows no half precision (_Float16)")
        assert done.returncode == 0, done.stderr
        self.library, self.text = ctypes.CDLL(str(library)), text

    def call(self, name: str, *arguments: Any) -> None:
        kinds, values = [], []
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                kinds.append("pointer")
                values.append(ctypes.c_void_p(argument.ctypes.data))
            else:
                kind, number = KINDS[argument.dtype]
                kinds.append(kind)
                values.append(number(argument.item()))
        assert kinds == signature(name, self.text)
        self.library[name](*values)


def stand_in_for_cupy(
    monkeypatch: pytest.MonkeyPatch,
    functions: Compiled,
    cuda_source: str,
    dtype: torch.dtype,
    covers: tuple[int, int] = (1, 1),
    **others: tuple[str, Compiled],
) -> None:
    """The real host code over a CuPy that runs the C functions; torch's part of CUDA is left out.
    covers: pixels across and down, which the grids have to cover. others: sources that come
    besides, and their functions."""
    entered = threading.local()
    """The stream that a thread has entered: another may capture a graph meanwhile."""

    def get_function(functions: Compiled, covers: tuple[int, int], name: str) -> Any:
        def run(grid: tuple[int, int], block: tuple[int, int], arguments: tuple[Any, ...]) -> None:
            assert getattr(entered, "stream", None) == "torch's stream"
            assert min(grid) >= 1
            assert grid[0] * block[0] >= covers[0]
            assert grid[1] * block[1] >= covers[1]
            functions.call(name, *arguments)

        return run

    class Stream:
        @staticmethod
        def from_external(stream: object) -> Stream:
            entered.stream = stream
            return Stream()

        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None:
            entered.stream = None

    def raw_module(*, code: str, options: tuple[str, ...], backend: str) -> SimpleNamespace:
        assert backend == "nvrtc"
        for text, known in others.values():
            if code == text:
                assert options == ()
                return SimpleNamespace(get_function=partial(get_function, known, (1, 1)))
        assert (code, options) == (cuda_source, OPTIONS[dtype])
        return SimpleNamespace(get_function=partial(get_function, functions, covers))

    stand_in = ModuleType("cupy")
    vars(stand_in).update(
        RawModule=raw_module, from_dlpack=np.from_dlpack, cuda=SimpleNamespace(Stream=Stream)
    )
    monkeypatch.setitem(sys.modules, "cupy", stand_in)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device", lambda _: nullcontext())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _: "torch's stream")
    monkeypatch.setattr(torch.cuda, "synchronize", lambda _: None)
