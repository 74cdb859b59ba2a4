"""Each kind of row measured, in this process: `Job.what` is the name of one of `MEASURES`."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vj.bench.jobs import SMALLER, TINY, Job
from vj.bench.live import loop, soak
from vj.bench.painting import Figures, MeasuredModel, Models, by_parts, whole_frame
from vj.bench.random_models import ARCHITECTURES
from vj.bench.record import ROOT, Row
from vj.bench.timing import laps
from vj.core.errors import told
from vj.core.frame import Size
from vj.core.opencv import use_one_thread
from vj.diffusion.speed import missing

Keep = Callable[[Row], None]
LISTED = 30
"""Kernels in a list."""


@dataclass
class Bench:
    """What rows are measured with. folder: gets the lists of kernels. seconds: that frames of one
    row are painted. show_seconds, minutes: of a show live, and of a soak."""

    folder: Path
    pretended: bool
    seconds: float
    show_seconds: float
    minutes: float
    every: float
    """Seconds between what a soak plays."""
    log: Callable[[str], None]

    def __post_init__(self) -> None:
        use_one_thread()
        if self.pretended:
            torch.set_num_threads(1)
        card = torch.cuda.is_available() and not self.pretended
        self.device = torch.device("cuda", torch.cuda.current_device()) if card else _CPU
        self.models = Models(self.device)

    def measure(self, job: Job, keep: Keep) -> Row:
        """A row; whatever goes wrong becomes its remark. keep: takes what there is so far."""
        lacks = missing(job.speed) if not self.pretended else ""
        if lacks:
            return {"said": lacks}
        try:
            return MEASURES[job.what](self, job, keep)
        except Exception as error:  # whatever a library throws
            self.models.let_go()
            if isinstance(error, torch.OutOfMemoryError):
                return {"said": f"out of memory: {told(error)}"}
            return {"said": f"failed: {told(error)}"}

    def model(self, job: Job) -> str:
        return TINY if self.pretended and job.model in ARCHITECTURES else job.model

    def size(self, job: Job) -> Size:
        side = job.side // SMALLER if self.pretended else job.side
        return Size(side, side)

    @contextlib.contextmanager
    def painting(self, job: Job) -> Iterator[MeasuredModel]:
        name = self.model(job)
        pipe = self.models.pipe(name)
        painting = MeasuredModel(name, self.size(job), job.steps, self.device, job.speed, pipe)
        try:
            yield painting
        finally:
            painting.close()

    @contextlib.contextmanager
    def show(self, job: Job) -> Iterator[tuple[dict[str, Any], str]]:
        """Lines of a show that plays a row's model, and what the model is called there."""
        common = {
            "osc": f"127.0.0.1:{_free_port()}",
            "size": str(self.size(job)),
            "fps": 100 if self.device.type == "cuda" else 30,
            "start": {"strength": 0.6, "prompt/a": "molten gold", "feedback/amount": 0.2},
        }
        name = self.model(job)
        if name not in ARCHITECTURES:
            yield {**common, "model": name}, name
            return
        with tempfile.TemporaryDirectory(prefix="vj-bench-") as folder:
            self.models.pipe(name).save_pretrained(folder)
            self.models.let_go()
            section = {"name": folder, "vae": "full", "lcm_lora": "off", "speed": job.speed}
            yield {**common, "model": "large", "models": {"large": section}}, "large"


_CPU = torch.device("cpu")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _row(figures: Figures, said: list[str]) -> Row:
    words = "; ".join(dict.fromkeys(said))
    return {"figures": figures, **({"said": words} if words else {})}


def _frame(bench: Bench, job: Job, keep: Keep) -> Row:
    with bench.painting(job) as painting:
        return _row(whole_frame(painting, bench.seconds), painting.said)


def _parts(bench: Bench, job: Job, keep: Keep) -> Row:
    with bench.painting(job) as painting:
        return _row(by_parts(painting, bench.seconds), painting.said)


def _late(bench: Bench, job: Job, keep: Keep) -> Row:
    """One frame late a call takes as long as a frame takes; its picture is that of the call
    before."""
    with bench.painting(job) as painting:
        frame = painting.frame(bench.seconds, **{"output/late": True})
        figures: Figures = {"frame p50 ms": frame.p50, "frame p95 ms": frame.p95, "fps": frame.rate}
        return _row(figures | painting.memory(), painting.said)


def _kernels(bench: Bench, job: Job, keep: Keep) -> Row:
    with bench.painting(job) as painting:
        found = painting.kernels()
        said = painting.said
    file = f"kernels-{job.speed}.txt"
    lines = [f"{took:10.3f} ms {count:6} x  {name[:160]}" for name, count, took in found[:LISTED]]
    bench.folder.mkdir(parents=True, exist_ok=True)
    title = f"{job.key}: the longest {len(lines)} of {len(found)} kinds"
    (bench.folder / file).write_text("\n".join([title, *lines]) + "\n", encoding="utf-8")
    figures: Figures = {
        "kernels": sum(count for _, count, _ in found),
        "kinds": len(found),
        "kernels ms": round(sum(took for _, _, took in found), 3),
        "listed in": file,
    }
    return _row(figures, said)


def _package(bench: Bench, job: Job, keep: Keep) -> Row:
    """streamdiffusion's own call, with the same weights."""
    if bench.device.type != "cuda":
        return {"said": "its call needs a card"}
    from streamdiffusion import StreamDiffusion

    size, dtype = bench.size(job), torch.float16
    levels = [round(50 * (1 - 0.6 * (job.steps - i) / job.steps)) - 1 for i in range(job.steps)]
    theirs = StreamDiffusion(bench.models.pipe(bench.model(job)), levels, dtype, *size)
    theirs.prepare("gold", guidance_scale=1.0)
    on_card = torch.rand((1, 3, size.height, size.width), device=bench.device, dtype=dtype)
    picture = np.random.default_rng(0).random((size.height, size.width, 3), np.float32)

    def from_host() -> np.ndarray:
        made = theirs(picture).clamp(-1, 1).add(1).mul(127.5).byte()[0].permute(1, 2, 0)
        shown: np.ndarray = made.cpu().numpy()
        return shown

    inside = laps(lambda: theirs(on_card), bench.device, bench.seconds)
    whole = laps(from_host, bench.device, bench.seconds)
    return {
        "figures": {
            "frame p50 ms": whole.p50,
            "frame p95 ms": whole.p95,
            "fps": whole.rate,
            "card to card ms": inside.p50,
        }
    }


def _loop(bench: Bench, job: Job, keep: Keep) -> Row:
    with bench.show(job) as (lines, _):
        figures = loop(lines, bench.show_seconds, bench.log)
    if bench.device.type == "cuda":
        figures["VRAM reserved MB"] = round(torch.cuda.max_memory_reserved() / 1e6)
    return {"figures": figures}


def _soak(bench: Bench, job: Job, keep: Keep) -> Row:
    with bench.show(job) as (lines, name):
        models = (name, "drawn" if name != "drawn" else "none")
        return soak(lines, models, 60 * bench.minutes, bench.every, keep, bench.log)


def _tests(bench: Bench, job: Job, keep: Keep) -> Row:
    """What tests/gpu says. Pretended, one of its files, whose tests skip themselves."""
    folder = ROOT / "tests" / "gpu"
    asked = folder / "test_speed_gpu.py" if bench.pretended else folder
    command = [sys.executable, "-m", "pytest", str(asked), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    lines = (done.stdout + done.stderr).strip().splitlines()
    last = lines[-1].strip("= ") if lines else ""
    counts = {what: int(number) for number, what in re.findall(r"(\d+) (\w+)", last)}
    took = re.search(r"in ([\d.]+)s", last)
    figures: Figures = {
        name: counts[name] for name in ("passed", "failed", "skipped") if name in counts
    }
    if took is not None:
        figures["seconds"] = float(took[1])
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    told_of = "; ".join(failed[:5]) if took is not None else last
    return _row(figures, [told_of] if told_of else [])


MEASURES: dict[str, Callable[[Bench, Job, Keep], Row]] = {
    "frame": _frame,
    "parts": _parts,
    "late": _late,
    "kernels": _kernels,
    "package": _package,
    "loop": _loop,
    "soak": _soak,
    "tests": _tests,
}
