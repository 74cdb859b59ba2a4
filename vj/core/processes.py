"""How processes have ended, in words."""

from __future__ import annotations

import signal


def how_it_ended(code: int) -> str:
    """code: as of `subprocess`: below 0 a signal's. `died (SIGKILL)`, `ended with exit code 3`."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"died ({signal.Signals(-code).name})"
    except ValueError:
        return f"died (signal {-code})"
