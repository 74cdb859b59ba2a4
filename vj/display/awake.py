"""The screen kept from going dark while a display shows something."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

ES_CONTINUOUS, ES_SYSTEM_REQUIRED, ES_DISPLAY_REQUIRED = 0x80000000, 1, 2


def keep_awake() -> Callable[[], None]:
    """Begin; what is returned ends it. On Windows the thread's execution state, which belongs on
    one thread; elsewhere a small program of the system's that ends with this process, where it is
    there. (X11's own screen saver is stopped by GLFW, for full-screen windows.)"""
    if sys.platform == "win32":
        import ctypes

        state = ctypes.windll.kernel32.SetThreadExecutionState
        state(ES_CONTINUOUS | ES_SYSTEM_REQUIRED | ES_DISPLAY_REQUIRED)
        return lambda: state(ES_CONTINUOUS)
    command = _command(sys.platform, os.getpid())
    if shutil.which(command[0]) is None:
        return lambda: None
    try:
        helper = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        return lambda: None

    def end() -> None:
        helper.terminate()
        helper.wait(1)

    return end


def _command(platform: str, process: int) -> list[str]:
    if platform == "darwin":
        return ["caffeinate", "-d", "-i", "-w", str(process)]
    return [
        *("systemd-inhibit", "--what=idle:sleep", "--who=vj", "--why=a picture is shown"),
        *("tail", "--follow", "/dev/null", f"--pid={process}"),
    ]
