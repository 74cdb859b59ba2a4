"""`python -m vj.display OPTIONS`, started by `vj.display.child_process`; `--monitors` prints the
monitors as JSON."""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

from vj.core.errors import Unavailable
from vj.display.wire import send_line


def main(arguments: list[str]) -> int:
    """Show what the show sends. 2: there is nothing to show it on."""
    from vj.display.glfw_window import monitors_of, open_glfw

    # Ctrl-C in the terminal is for the show, which then closes this
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if arguments == ["--monitors"]:
            glfw = open_glfw()
            send_line(sys.stdout, {"monitors": [one.as_json() for one in monitors_of(glfw)[0]]})
            glfw.terminate()
            return 0
        return _show(json.loads(arguments[0]))
    except ImportError as error:
        send_line(
            sys.stdout, {"fault": f"a display needs {error.name}: python3 launch.py add display"}
        )
    except Unavailable as fault:
        send_line(sys.stdout, {"fault": str(fault)})
    except Exception as error:  # whatever a driver raises: the show is told, and tries again
        send_line(sys.stdout, {"fault": f"{type(error).__name__}: {error}"[:300], "again": True})
    return 2


def _show(options: dict[str, Any]) -> int:
    from vj.display.screen import Screen

    size = options["size"]
    screen = Screen(
        options["wanted"], tuple(size) if isinstance(size, list) else size, options["title"]
    )
    signal.signal(signal.SIGTERM, lambda *of: screen.stop())
    screen.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
