"""What a display costs: the processor time of a frame on the show's side (into shared memory) and
in the display's process (to the card, drawn), and the time from handed over to handed to the
screen. Wants a desktop, a real one or Xvfb; a window as large as the picture is shown for seconds.

    python -m bench.display [--seconds 5] [--fps 30] [--full]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.core.clock import WallClock
from vj.core.frame import Frame, Size
from vj.sinks import SinkSettings
from vj.sinks.display import DisplaySink

SIZES = (Size(512, 512), Size(1280, 720), Size(1920, 1080))


def processor_seconds(process: int) -> float:
    """What a process has used so far, by Linux."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(size: Size, seconds: float, fps: float, full: bool) -> str:
    """One line of figures."""
    where = "full" if full else f"window {size}"
    sink = DisplaySink(where, SinkSettings(WallClock(), log=print))
    noise = np.random.default_rng(0).integers(0, 255, (size.height, size.width, 3), np.uint8)
    pictures = [noise, np.ascontiguousarray(noise[::-1])]
    sink.open(*size, fps)
    while sink.state() == "opening":
        time.sleep(0.1)
    assert sink._process is not None
    process, spent, lags = sink._process.number, 0.0, []
    before, begun, sent = processor_seconds(process), time.monotonic(), 0
    drawn_before = sink.describe().get("drawn", 0)
    while time.monotonic() - begun < seconds:
        mark = time.thread_time()
        sink.send(Frame(pictures[sent % 2], sent, 0.0))
        spent += time.thread_time() - mark
        sent += 1
        time.sleep(max(0.0, begun + sent / fps - time.monotonic()))
        lags.append(sink.describe().get("lag") or 0.0)
    time.sleep(1.1)
    used = processor_seconds(process) - before
    drawn = sink.describe().get("drawn", 0) - drawn_before
    renderer = sink.describe()["renderer"]
    sink.close()
    known = [lag for lag in lags if lag]
    where = "full screen" if full else "window"
    return (
        f"{size!s:>10}  {where:>11}  show {1e3 * spent / sent:5.2f} ms"
        f"  display {1e3 * used / max(1, drawn):6.2f} ms a frame"
        f"  drawn {drawn} of {sent}  lag {statistics.median(known) if known else 0:5.1f} ms"
        f"  ({renderer})"
    )


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    given.add_argument("--seconds", type=float, default=5.0)
    given.add_argument("--fps", type=float, default=30.0)
    given.add_argument("--full", action="store_true", help="full screen in place of a window")
    options = given.parse_args()
    os.chdir(tempfile.mkdtemp())  # setups of this machine's monitors are left alone
    for size in SIZES:
        print(measure(size, options.seconds, options.fps, options.full), flush=True)


if __name__ == "__main__":
    main()
