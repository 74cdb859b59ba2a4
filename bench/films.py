"""How many frames a second a film is rendered at by one process and by workers, and what of it is
serial.

    python bench/films.py [SECONDS] [SIDE] [MODEL] [WORKERS ...]

A film of drawn scenes with a hard cut every two seconds (12 s, 256 pixels, `pocket` and 1 2 unless
said), with feedback between the cuts, each way in processes of their own with one thread each. The
last table is on paper: what is serial by the seconds that --workers 1 computed.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
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


def rendered(folder: Path, name: str, *more: str) -> tuple[float, dict[str, float]]:
    """Seconds that a rendering takes, and those that its first process computed, by what."""
    words = [sys.executable, "-m", "vj.cli", "film.yaml", "--offline", "--sink", f"record:{name}/"]
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
        if one:
            told = ", ".join(f"{name} {took:.2f} s" for name, took in one.items())
            print(f"computed by --workers 1, whatever else ran: {told}")
            scaled(one["look"], one["paint"], one["join"])


if __name__ == "__main__":
    main()
