"""What mixing two decks costs before the model: milliseconds of CPU time a frame, and times a plain
`cv2.addWeighted` of the same pictures.

    python bench/decks.py [--size 512x512 ...]

Every mode is timed in turns with the plain mix; medians. The pictures are drawn scenes that move,
so that the flow between them is found anew in every frame. Prints Markdown for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np

from vj.core.frame import Size
from vj.core.kinds import DECK_MODES
from vj.core.opencv import use_one_thread
from vj.pipeline.decks import DeckMixer
from vj.sources.drawn import make_scene

TIMES, WARM, PICTURES = 60, 5, 12
SHARE = 0.4


def pictures(size: Size) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of two scenes, some frames after each other."""
    scenes = [make_scene(name, size) for name in ("drive", "kisses")]
    return [
        (scenes[0].draw(number / 30), scenes[1].draw(number / 30)) for number in range(PICTURES)
    ]


def in_turns(parts: dict[str, Callable[[int], object]]) -> dict[str, float]:
    """Median milliseconds of CPU time of each, one run of each in turn."""
    taken: dict[str, list[float]] = {name: [] for name in parts}
    for turn in range(TIMES + WARM):
        for name, part in parts.items():
            begun = time.process_time()
            part(turn)
            if turn >= WARM:
                taken[name].append(1e3 * (time.process_time() - begun))
    return {name: statistics.median(times) for name, times in taken.items()}


def measured(size: Size) -> dict[str, float]:
    """Milliseconds by name: `plain`, each mode, and `flow`."""
    shown = pictures(size)
    mixers = {mode: DeckMixer() for mode in (*DECK_MODES, "flow")}

    def mixing(mode: str) -> Callable[[int], object]:
        flow = mode == "flow"

        def run(turn: int) -> object:
            one, two = shown[turn % PICTURES]
            wanted = "normal" if flow else mode
            return mixers[mode].mixed(one, two, SHARE, wanted, flow, turn / 30)

        return run

    def plain(turn: int) -> object:
        one, two = shown[turn % PICTURES]
        return cv2.addWeighted(one, 1 - SHARE, two, SHARE, 0)

    return in_turns({"plain": plain, **{mode: mixing(mode) for mode in mixers}})


def main() -> None:
    use_one_thread()
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--size", nargs="*", type=Size.parse, default=[Size(512, 512)])
    columns = {str(size): measured(size) for size in options.parse_args().size}
    print("| deck/mode | " + " | ".join(f"{size}, ms | x plain" for size in columns) + " |")
    print("|---|" + "---|---|" * len(columns))
    for name in next(iter(columns.values())):
        cells = (f"{ms[name]:.2f} | {ms[name] / ms['plain']:.1f}" for ms in columns.values())
        title = {"plain": "a plain addWeighted", "flow": "deck/space flow"}.get(name, name)
        print(f"| {title} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
