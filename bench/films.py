"""How many frames a second a film is rendered at by one process and by workers, and what of it is
serial.

    python bench/films.py [SECONDS] [SIDE] [MODEL] [WORKERS ...]

A film of drawn scenes with a hard cut every two seconds (12 s, 256 pixels, `pocket` and 1 2 unless
said), with feedback between the cuts, each way in processes of their own with one thread each. The
last table is on paper: what is serial by the seconds that --workers 1 computed. Between them: what
it computes for the last frames of a long H.264 clip after the first pass, where the clip is sought
and where it is read on from its beginning.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.app.films.pieces import QUICKER

ROOT = Path(__file__).resolve().parents[1]
FPS, SCENE = 24, 2.0
SHOW = """\
show: a film
source: film.mkv
size: {side}x{side}
model: {{name: {model}, dtype: float32}}
loop: false
page: off
start: {{feedback/amount: 0.4, feedback/zoom: 1.01, blend/smoothing: 0.3, strength: 0.6}}
"""
LONG = 600
LONG_SHOW = (
    "show: a long film\nsource: long.mp4\nsize: 512x288\nmodel: none\nloop: false\npage: off\n"
    "start: {feedback/amount: 0, blend/smoothing: 0}\n"  # else all of it is painted
)
SEEKS = ("-m", "vj.cli")
READS = (
    "-c",
    "import sys\nfrom vj.app.films import pieces\nfrom vj.cli import main\n"
    "pieces.running_ahead = lambda frames, *known: frames\nsys.exit(main(sys.argv[1:]))",
)
"""The same, but for what `vj.app.films.running_ahead` leaves out."""


def draw(path: Path, seconds: float, side: int) -> int:
    """A film without loss: another moving picture every `SCENE` seconds. Returns its frames."""
    frames = round(seconds * FPS)
    with av.open(str(path), "w") as file:
        track = file.add_stream("ffv1", rate=FPS)
        track.width = track.height = side
        track.pix_fmt = "bgr0"
        for number in range(frames):
            random = np.random.default_rng(int(number / FPS // SCENE))
            blocks = random.integers(0, 255, (9, 9, 3), np.uint8)
            picture = cv2.resize(blocks, (2 * side, 2 * side), interpolation=cv2.INTER_CUBIC)
            at = number % side
            part = np.ascontiguousarray(picture[at : at + side, at : at + side], np.uint8)
            file.mux(track.encode(av.VideoFrame.from_ndarray(part, format="rgb24")))
        file.mux(track.encode(None))
    return frames


def draw_long(path: Path) -> None:
    """`LONG` frames of 720p H.264, key pictures 250 apart, with B frames, as cameras and editors
    write them."""
    random = np.random.default_rng(1)
    blocks = random.integers(0, 255, (12, 20, 3), np.uint8)
    picture = cv2.resize(blocks, (1280 + LONG, 720), interpolation=cv2.INTER_CUBIC)
    with av.open(str(path), "w") as file:
        options = {"g": "250", "bf": "2", "sc_threshold": "0", "preset": "ultrafast"}
        track = file.add_stream("libx264", rate=FPS, options=options)
        track.width, track.height, track.pix_fmt = 1280, 720, "yuv420p"
        for number in range(LONG):
            part = np.ascontiguousarray(picture[:, number : number + 1280], np.uint8)
            file.mux(track.encode(av.VideoFrame.from_ndarray(part, format="rgb24")))
        file.mux(track.encode(None))


def compare_seeking(folder: Path) -> None:
    """A table of what four frames at the end take."""
    draw_long(folder / "long.mp4")
    (folder / "long.yaml").write_text(LONG_SHOW)
    print(
        f"\n| the last 4 of {LONG} frames (720p H.264, key pictures 250 apart, `none`) | computed "
        "after the first pass |\n|---|---|"
    )
    frames = ("--frames", f"{LONG - 4}-{LONG - 1}")
    for name, start in (("sought", SEEKS), ("read", READS)):
        _, computed = rendered(folder, name, *frames, show="long.yaml", start=start)
        print(f"| {name} | {computed['paint']:.2f} s |")
    one, two = (sorted((folder / name).glob("*.png")) for name in ("sought", "read"))
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]


def rendered(
    folder: Path, name: str, *more: str, show: str = "film.yaml", start: Sequence[str] = SEEKS
) -> tuple[float, dict[str, float]]:
    """Seconds that a rendering takes, and those that its first process computed, by what. start:
    Python's words that start vj."""
    words = [sys.executable, *start, show, "--offline", "--sink", f"record:{name}/"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*words, "--json", f"{name}.json", *more],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-800:]}")
    told = json.loads((folder / f"{name}.json").read_text())
    return max(float(told["seconds"]), 1e-9), dict(told.get("computed_s", {}))


def scaled(look: float, paint: float, join: float) -> None:
    """What stays as workers come: the first pass, the putting together, and that each worker reads
    its way to each of its pieces, over half of the film on average."""
    print("\n| workers | times one process |\n|---|---|")
    for count in (2, 8, 10, 80):
        pieces = max(1, round(math.sqrt(QUICKER / count)))
        took = look * (1 + pieces / 2) + paint / count + join
        print(f"| {count} | {paint / took:.1f} |")


def main() -> None:
    given = sys.argv[1:]
    seconds = float(given[0]) if given else 12.0
    side = int(given[1]) if len(given) > 1 else 256
    model = given[2] if len(given) > 2 else "pocket"
    workers = [int(one) for one in given[3:]] or [1, 2]
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        frames = draw(folder / "film.mkv", seconds, side)
        (folder / "film.yaml").write_text(SHOW.format(side=side, model=model))
        print(
            f"{frames} frames of {side}x{side}, {model}, on {os.cpu_count()} cores; load "
            f"{os.getloadavg()[0]:.1f} as it began\n"
        )
        print("| | seconds | frames/s | times one process |\n|---|---|---|---|")
        plain, _ = rendered(folder, "plain", "--threads", "1")
        print(f"| one process, no pieces | {plain:.1f} | {frames / plain:.1f} | 1.0 |")
        one: dict[str, float] = {}
        for count in workers:
            took, computed = rendered(folder, f"by{count}", "--workers", str(count))
            print(f"| --workers {count} | {took:.1f} | {frames / took:.1f} | {plain / took:.2f} |")
            one = computed if count == 1 else one
            found, wanted = (sorted((folder / to).glob("*.png")) for to in (f"by{count}", "plain"))
            same = [a.read_bytes() == b.read_bytes() for a, b in zip(found, wanted, strict=True)]
            assert all(same), f"{same.count(False)} frames differ"
        print("\nevery frame is the same in all of them, to the byte")
        compare_seeking(folder)
        if one:
            told = ", ".join(f"{name} {took:.2f} s" for name, took in one.items())
            print(f"computed by --workers 1, whatever else ran: {told}")
            scaled(one["look"], one["paint"], one["join"])


if __name__ == "__main__":
    main()
