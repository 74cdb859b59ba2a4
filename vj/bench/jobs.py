"""Which rows `quick`, `matrix` and `soak` have, in order of interest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vj.bench.random_models import ARCHITECTURES

MODES = ("quick", "matrix", "soak")
TINY, SMALLER = "tiny", 8
"""What is pretended with: the model, and by how much less large each side is."""
STEPS = {"sd-turbo": (1,), "sdxs": (1,), "sd15-lcm": (1, 2, 4), "sdxl-turbo": (1,)}


@dataclass(frozen=True, kw_only=True)
class Job:
    """One row. what: see `vj.bench.measures`. group: those of one group that follow each other are
    done in one process. limit: seconds it may take, with what its process needs to begin."""

    key: str
    what: str
    group: str
    limit: float
    model: str = ""
    side: int = 512
    steps: int = 1
    speed: str = "auto"


def quick(card: bool) -> list[Job]:
    """card: there is one, or it is pretended."""
    if not card:
        return [
            *(
                Job(
                    key=f"quick/built-in model {side}x{side}",
                    what="frame",
                    group=f"pocket {side}",
                    limit=60,
                    model="pocket",
                    side=side,
                )
                for side in (256, 512)
            ),
            Job(
                key="quick/test card to sink, built-in model 256x256",
                what="loop",
                group="loop",
                limit=60,
                model="pocket",
                side=256,
            ),
        ]
    turbo = ARCHITECTURES["sd-turbo"].title
    at = f"{turbo} 512x512, 1 step"

    def job(key: str, what: str, limit: float, speed: str = "graph", group: str = "") -> Job:
        group = group or "painting"
        return Job(key=key, what=what, group=group, limit=limit, model="sd-turbo", speed=speed)

    return [
        job(f"quick/{at}, eager", "parts", 90, "eager"),
        job(f"quick/{at}, graph", "parts", 60),
        job(f"quick/{at}, graph, one frame late", "late", 60),
        job(f"quick/{at}, streamdiffusion", "package", 60),
        job("quick/kernels of a frame, graph", "kernels", 60),
        job("quick/kernels of a frame, eager", "kernels", 60, "eager"),
        job(f"quick/test card to sink, {at}", "loop", 150, group="loop"),
        job("quick/tests/gpu", "tests", 240, group="tests"),
    ]


def matrix() -> list[Job]:
    """Every model, size, number of steps and speed."""
    return [
        *_frames(512, ("graph", "eager"), 60),
        *_frames(512, ("compile",), 240, one_step=True),
        *(job for side in (768, 1024) for job in _frames(side, ("graph",), 60)),
        *_frames(512, ("tensorrt",), 300, one_step=True),
        *(job for side in (768, 1024) for job in _frames(side, ("eager",), 60)),
        *(job for side in (768, 1024) for job in _frames(side, ("compile",), 240, one_step=True)),
        *(job for side in (768, 1024) for job in _frames(side, ("tensorrt",), 300, one_step=True)),
    ]


def _frames(
    side: int, speeds: tuple[str, ...], limit: float, one_step: bool = False
) -> Iterator[Job]:
    for model, counts in STEPS.items():
        for steps in counts[:1] if one_step else counts:
            for speed in speeds:
                words = f"{steps} step{'s' if steps > 1 else ''}"
                long = speed in ("compile", "tensorrt")
                yield Job(
                    key=f"matrix/{ARCHITECTURES[model].title} {side}x{side}, {words}, {speed}",
                    what="frame",
                    group=f"{model} {speed if long else ''}",
                    limit=limit,
                    model=model,
                    side=side,
                    steps=steps,
                    speed=speed,
                )


def jobs_of(mode: str, card: bool, minutes: float) -> list[Job]:
    """The rows of a mode. minutes: of a soak."""
    if mode == "quick":
        return quick(card)
    if mode == "matrix":
        return matrix()
    model = "sd-turbo" if card else "pocket"
    side = 512 if card else 256
    limit = 60 * minutes + 180
    return [Job(key="soak", what="soak", group="soak", limit=limit, model=model, side=side)]
