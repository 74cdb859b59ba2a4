"""Whether the machines of a cluster are fit to render one film: the same Python and packages, one
folder that all see."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from vj.core.errors import Fault, told

PACKAGES = (
    *("torch", "numpy", "opencv-python-headless", "av", "diffusers", "transformers", "peft"),
    *("safetensors", "tokenizers", "onnxruntime", "ray"),
)
"""Those whose versions change pictures, or what workers say to each other."""


@dataclass(frozen=True)
class Machine:
    """python: its version. packages: theirs by name, empty for one that is missing. file, code:
    hashes of the file that was written here and of vj's own files, empty where they are not
    seen."""

    name: str
    python: str
    file: str
    code: str
    packages: Mapping[str, str] = field(default_factory=dict)


def seen_from(path: str, root: str, names: tuple[str, ...]) -> tuple[str, str, str, dict[str, str]]:
    """What this machine sees: Python's version, the hash of a file, that of vj's files, and the
    versions of packages."""
    file = code = ""
    with suppress(OSError):
        file = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    with suppress(OSError):
        total = hashlib.sha256()
        for one in sorted(Path(root, "vj").rglob("*.py")):
            total.update(one.read_bytes())
        code = total.hexdigest()
    versions = {}
    for name in names:
        versions[name] = ""
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return ".".join(map(str, sys.version_info[:3])), file, code, versions


def compare(here: Machine, there: Machine, folder: Path, root: Path) -> None:
    """Raises Fault for a machine that would paint other pictures, or does not see the files."""
    if there.python != here.python:
        raise Fault(
            f"{there.name}: Python {there.python}, and here it is {here.python}; the same on every "
            "machine would be right"
        )
    for name, found in here.packages.items():
        other = there.packages.get(name, "")
        if other != found:
            raise Fault(
                f"{there.name}: {name} {other or 'is missing'}, and here it is "
                f"{found or 'not installed'}; python3 launch.py on it, from the same lock, "
                "would be right"
            )
    if there.file != here.file:
        raise Fault(
            f"{there.name}: does not see {folder}; a film is rendered in a folder that every "
            "machine sees by the same path, for example of a file server"
        )
    if there.code != here.code:
        raise Fault(
            f"{there.name}: vj in {root} is another one there, or none; start from a folder that "
            "every machine sees"
        )


def check_cluster(ray: Any, folder: Path, root: Path) -> None:
    """Ask every machine of a cluster. folder: in which paths begin. Raises Fault."""
    token = folder / f".vj-{os.getpid()}-seen"
    try:
        token.write_bytes(secrets.token_bytes(16))
    except OSError as error:
        raise Fault(f"{folder}: cannot be written to ({error.strerror})") from None
    try:
        here = Machine("here", *seen_from(str(token), str(root), PACKAGES))
        for name, ask in _machines(ray):
            try:
                found = ask(str(token), str(root), PACKAGES)
            except Exception as error:  # whatever Ray or that machine says
                raise Fault(f"{name}: cannot be asked ({told(error)})") from None
            compare(here, Machine(name, *found), folder, root)
    finally:
        token.unlink(missing_ok=True)


def _machines(ray: Any) -> list[tuple[str, Callable[..., Any]]]:
    """Each machine that is there, and how it is asked."""
    from ray import cloudpickle
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    module = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(module)  # a machine that has no vj is to answer too
    asked = ray.remote(seen_from)
    found: list[tuple[str, Callable[..., Any]]] = []
    for node in ray.nodes():
        if not node.get("Alive"):
            continue
        there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        task = asked.options(num_cpus=0, scheduling_strategy=there)
        found.append(
            (
                str(node.get("NodeManagerHostname") or node["NodeID"]),
                lambda *given, task=task: ray.get(task.remote(*given), timeout=60),
            )
        )
    return found
