"""What others state of their own programs, beside what was measured here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vj.bench.record import Row


@dataclass(frozen=True)
class Stated:
    """figure: frames a second as published. timed: what was timed. row: what the names of those
    rows here begin with that are the same work."""

    program: str
    figure: str
    timed: str
    row: str


STATED = (
    Stated(
        "StreamDiffusion, SD-Turbo 512, RTX 4090",
        "93.9",
        "the pipeline on the card, without frames coming in or going out",
        "SD-Turbo 512x512, 1 step",
    ),
    Stated(
        "librediffusion, SD-Turbo 512, RTX 5090",
        "96",
        "its own window",
        "SD-Turbo 512x512, 1 step",
    ),
    Stated(
        "librediffusion, SDXS 512, RTX 5090",
        "> 600",
        "its own window, a frame as one graph",
        "SDXS-512 512x512, 1 step",
    ),
    Stated(
        "SDXL-Turbo 512, RTX 4090, FP8 TensorRT",
        "60.7",
        "the pipeline; 61 live in TouchDesigner with ControlNet",
        "SDXL-Turbo 512x512, 1 step",
    ),
    Stated(
        "SogenHanda, SD 1.5 + LCM 512, RTX 4090",
        "37.2 with graphs, 30.4 without",
        "a loop without input or output",
        "SD 1.5 + LCM 512x512, 1 step",
    ),
    Stated(
        "NDI in and out, 1080p, RTX Pro 6000",
        "27",
        "the whole loop, a larger picture",
        "test card to sink, SD-Turbo",
    ),
    Stated("vj, SD-Turbo 512, H100", "91 to 102", "host to host", "SD-Turbo 512x512, 1 step"),
    Stated(
        "vj, built-in model 256x256, two cores",
        "29",
        "the whole show, test card to NDI",
        "test card to sink, built-in model 256x256",
    ),
)
"""docs/benchmarks.md says where these come from."""


def beside(rows: Mapping[str, Row]) -> list[str]:
    """Lines: each published figure to which there is a row of the same work, and that row's."""
    lines = []
    here_of = {
        key.partition("/")[2]: row["figures"]["fps"]
        for key, row in rows.items()
        if "fps" in row.get("figures", {})
    }
    for stated in STATED:
        ours = {name: fps for name, fps in here_of.items() if name.startswith(stated.row)}
        if ours:
            here = "; ".join(f"{fps} ({name})" for name, fps in ours.items())
            lines.append(
                f"stated: {stated.program}: {stated.figure} fps ({stated.timed}). Here: {here}"
            )
    return lines
