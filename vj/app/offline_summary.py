"""How a rendering went."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from vj.core.metrics import Metrics
from vj.core.threads import fixed_threads


def summary_of(
    show: str,
    model: str,
    begun: float,
    rendered: int,
    metrics: Metrics,
    sent: Mapping[str, int],
) -> dict[str, Any]:
    """What the terminal and `--json` get. begun: when it was, by the monotonic clock. sent: frames
    by the sinks they went to."""
    seconds = time.monotonic() - begun
    threads = fixed_threads()
    return {
        "show": show,
        "offline": True,
        "model": model,
        "seconds": round(seconds, 2),
        "painted": rendered,
        "fps": round(rendered / seconds, 2) if seconds else 0.0,
        "repeated": metrics.repeated,
        "faults": metrics.faults,
        **({} if threads is None else {"threads": threads}),
        "stages_ms": {name: round(value * 1e3, 2) for name, value in metrics.stages().items()},
        "sent": dict(sent),
    }
