"""A training's state in a file that is whole at every moment, whenever the process is killed."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside, then put it in place at once, so that at no moment half a file lies at
    `path`. Raises OSError; what was there before then stays."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else a power cut after the renaming may leave an empty file
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)  # a full disk gets its room back
        raise OSError(error.errno, error.strerror, str(path)) from error


class Checkpoint:
    """One file. Its state is a dict of tensors, numbers and texts, nested as you like."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, state: dict[str, Any]) -> None:
        """Raises OSError, where there is no room; the state before stays as it is."""
        # Into memory first: torch's own writer, which meets a full disk, ends the process.
        content = io.BytesIO()
        torch.save(state, content)
        write_whole(self.path, content.getbuffer())  # type: ignore[arg-type]

    def read(self, device: torch.device) -> dict[str, Any] | None:
        """The last state, None where there is none yet. Raises Fault for a file that is none."""
        if not self.path.exists():
            return None
        try:
            state = torch.load(self.path, map_location=device, weights_only=True)
            return dict(state)
        except Exception as error:  # torch raises whatever its reader trips over
            said = " ".join(str(error).split())[:120]
            raise Fault(
                f"{self.path}: this is no state of a training ({type(error).__name__}: {said}); "
                "delete it to train from the start"
            ) from error
