"""Files of film and sound, as PyAV opens them."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any


def opened(file: Path | IO[bytes]) -> Any:
    """An `av` container of a file, whatever it is called and however its tags are encoded. file:
    its path, or an open one. Raises `av.FFmpegError`, OSError, ValueError."""
    import av

    # Without `file:`, `12:30 take.mp4` and `concat:a.mp4` would be addresses.
    name = f"file:{file}" if isinstance(file, Path) else file
    return av.open(name, metadata_errors="replace")
