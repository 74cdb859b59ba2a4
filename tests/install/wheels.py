"""Small wheels made on the spot, so that the real pip can be asked without a package index."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path


def make_wheel(
    folder: Path, package: str, files: dict[str, bytes], tag: str = "py3-none-any"
) -> str:
    """A wheel `package` (NAME==VERSION) with these files in it. Returns its line for a requirements
    file, with its sha256."""
    name, _, version = package.partition("==")
    stem = f"{name.replace('-', '_')}-{version}"
    written: dict[str, bytes | str] = {
        **files,
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: vj\nTag: {tag}\n",
        f"{stem}.dist-info/RECORD": "".join(f"{path},,\n" for path in files),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for inside, content in written.items():
            wheel.writestr(inside, content)
    return f"{package} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
