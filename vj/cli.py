"""The command line: finds the command and runs it; `vj.commands.play` where none is named."""

from __future__ import annotations

import signal

if __name__ == "__main__":
    signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # Ctrl-C while the rest is imported ends it without a traceback

import os
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path

# OpenMP threads that spin for milliseconds while they wait take their cores from whatever else
# runs, and then wait for it: beside one busy program a frame took 1.2 s instead of 0.03 s. A
# short spin does neither. Has to be set before torch is imported.
os.environ.setdefault("GOMP_SPINCOUNT", "5000")
# OpenCV's own lines about cameras and broken pictures stand in the status line, and say less
# than ours. Has to be set before cv2 is imported.
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

from vj.app.signals import AT_ONCE, leave
from vj.core.errors import Fault
from vj.room.spare import WORD, stand_by


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line. Returns the exit code: 0 ended as asked, 1 for a fault, 2 for options
    that do not exist, 130 when Ctrl-C ended a command other than a show."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    ):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if given[:1] == ["check"]:
            from vj.commands.check import check

            return check(given[1:])
        if given[:1] == ["list"]:
            from vj.commands.devices import show_list

            return show_list(given[1:], print)
        if given[:1] == ["gallery"]:
            from vj.commands.gallery import gallery

            return gallery(given[1:], print)
        if given[:1] == ["bench"]:
            from vj.commands.bench import bench
            from vj.commands.console_lines import print_line

            return bench(given[1:], print_line)
        if given[:1] == ["learn"]:
            from vj.commands.console_lines import print_line
            from vj.commands.learn import learn

            return learn(given[1:], print_line)
        if given[:1] == ["pack"]:
            from vj.commands.console_lines import print_line
            from vj.commands.pack import pack

            return pack(given[1:], print_line)
        if given[:1] == ["train"]:
            from vj.commands.console_lines import print_line
            from vj.commands.train import train

            return train(given[1:], print_line)
        if given == [WORD]:
            from vj.commands.room_spare import imports

            words = stand_by(imports)
            if words is None:
                return 0
            given = words
        from vj.commands.options import parser
        from vj.commands.play import play

        return play(parser().parse_args(given))
    except Fault as fault:
        from vj.commands.console_lines import print_error

        print_error(str(fault))
        return 1
    except KeyboardInterrupt:
        return AT_ONCE
    # what nobody thought of: a line that can be reported says more to a player than a traceback
    except Exception as error:
        print(
            f"{type(error).__name__}: {' '.join(str(error).split())[:300]} ({_place(error)}); "
            "please report this",
            file=sys.stderr,
        )
        return 1


def _place(error: BaseException) -> str:
    """`live.py:120`, where in this program it came from."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if f"{os.sep}vj{os.sep}" in frame.filename
    ]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "outside of vj"


if __name__ == "__main__":
    leave(main())
