"""Pictures that the picture model takes as its style, by names that are no paths.

A picture is called after its file: `mappings/art/waves.jpg` is `waves`. A show names pictures or
folders of them; the user's own lie in a folder beside the shows. No onnxruntime here.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vj.core.errors import Fault, nearest, nearest_file
from vj.painters.own_styles import own_styles

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
LARGEST = 1024
"""Pixels of the longer side of what is read; the network looks at 256."""
MOST_PIXELS = 120_000_000
"""Of a file, by its header: a few kilobytes may decode to gigabytes."""
MOST_IN_FOLDER = 64
"""Pictures of a folder that are looked at, the first by name."""
MOST_CHOSEN = 16
"""Pictures that image/mix walks through, at most."""
MOST_TOLD = 10
"""Names that a message lists."""
NAME_LETTERS = 60


class StylePictures:
    """The pictures that there are, by name. Folders are looked at anew with every question, since
    pictures come while a show plays. From any thread."""

    def __init__(self, files: Sequence[str], folder: str = "") -> None:
        """files: pictures that the show names, and folders of them. folder: of the user's own
        pictures; it need not exist."""
        self._files, self._folder = tuple(files), folder

    def names(self) -> list[str]:
        """The show's pictures in their order, the user's own by name, and vj's own."""
        return list(self.places())

    def places(self) -> dict[str, Path | np.ndarray]:
        """Name -> file; of vj's own the picture itself, (H, W, 3) uint8 RGB."""
        return {**_named([*self._of_show(), *self._of_user()]), **own_styles()}

    def shown(self, text: str) -> list[str]:
        """The names in image/styles that there are, in the order image/mix walks through them; a
        name may come several times. Without any, those of the show; of a show that names none,
        vj's own."""
        names = self._by_folded()
        known = [names[one.casefold()] for one in split_names(text) if one.casefold() in names]
        of_show = list(_named(self._of_show())) if self._files else list(own_styles())
        return (known or of_show)[:MOST_CHOSEN]

    def require(self, text: str) -> None:
        """Raises Fault where none of the pictures that image/styles means can be read."""
        places, last = self.places(), Fault("image/styles: there is no picture")
        for name in self.shown(text):
            place = places.get(name)
            try:
                if isinstance(place, Path):
                    read_picture(place)
                return
            except Fault as fault:
                last = fault
        for told in self.without(text):
            last = Fault(told)
        raise last

    def unknown(self, text: str) -> list[str]:
        """The names in image/styles that nothing has, each once."""
        names = self._by_folded()
        return [one for one in dict.fromkeys(split_names(text)) if one.casefold() not in names]

    def _by_folded(self) -> dict[str, str]:
        """The names by what they are without upper case."""
        return {name.casefold(): name for name in reversed(self.places())}

    def check(self, texts: Iterable[str]) -> None:
        """Raises Fault for the first picture of the show that is missing or cannot be read, and
        for the first name in one of the texts (image/styles) of which that is true."""
        for _, fault in unreadable(self._files):
            raise fault
        places = self.places()
        for text in texts:
            for name in self.unknown(text):
                raise Fault(self.no_such(name))
            for name in self.shown(text):
                if isinstance(place := places[name], Path):
                    read_picture(place, f"image/styles: {name}")

    def without(self, text: str) -> list[str]:
        """What to tell of the show's folders in which there is no picture, where they shall
        play."""
        if split_names(text):
            return []
        return [str(fault) for _, fault in without_pictures(self._files)]

    def no_such(self, name: str) -> str:
        """A line about a name that nothing has, with names that would be right. Asks the disk."""
        known = [one for one, place in self.places().items() if _opens(place)]
        named = ", ".join(f"'{one}'" for one in known[:MOST_TOLD])
        more = f" and {len(known) - MOST_TOLD} more" if len(known) > MOST_TOLD else ""
        near = nearest(name[:100], known, "'")
        return f"image/styles: no style picture is called {name!r:.60}{near} ({named}{more})"

    def _of_show(self) -> list[Path]:
        found: list[Path] = []
        for name in self._files:
            path = Path(name).expanduser()
            found += pictures_in(path) if path.is_dir() else [path]
        return found

    def _of_user(self) -> list[Path]:
        return pictures_in(Path(self._folder)) if self._folder else []


def without_pictures(names: Sequence[str]) -> Iterator[tuple[int, Fault]]:
    """The folders among the pictures that a show names in which there is none: which, and words."""
    for index, name in enumerate(names):
        folder = Path(name).expanduser()
        if folder.is_dir() and not pictures_in(folder):
            yield index, Fault(f"style_pictures: {name}: no picture is in this folder")


def unreadable(names: Sequence[str]) -> Iterator[tuple[int, Fault]]:
    """What is wrong with pictures, and folders of them, that a show names: of which, and what."""
    yield from without_pictures(names)
    for index, name in enumerate(names):
        path = Path(name).expanduser()
        for file in pictures_in(path) if path.is_dir() else [path]:
            try:
                read_picture(file)
            except Fault as fault:
                yield index, fault


def split_names(text: str) -> list[str]:
    """The names in image/styles, in their order."""
    text = unicodedata.normalize("NFC", text)
    return [name for part in text.split(",") if (name := part.strip())]


def picture_name(path: Path) -> str:
    """What a picture is called: its file without the ending. Commas separate names."""
    name = unicodedata.normalize("NFC", path.stem).replace(",", " ")
    return " ".join(name.split())[:NAME_LETTERS].strip() or "picture"


def pictures_in(folder: Path) -> list[Path]:
    """The picture files of a folder, by name; none where there is no such folder."""
    try:
        files = [one for one in folder.iterdir() if one.suffix.lower() in SUFFIXES]
    except OSError:
        return []
    kept = [one for one in files if not one.name.startswith(".") and one.is_file()]
    return sorted(kept, key=lambda one: _natural(one.name))[:MOST_IN_FOLDER]


def read_picture(path: str | Path, what: str = "style_pictures") -> np.ndarray:
    """A picture file as (H, W, 3) uint8 RGB of at most `LARGEST` pixels a side, turned as its EXIF
    tag says, what is transparent on white. what: named in the Fault, raised for a file that is
    missing, no picture, broken, or larger than `MOST_PIXELS`."""
    from PIL import Image, UnidentifiedImageError

    path = Path(path).expanduser()
    try:
        if not path.exists():
            sort = "file" if path.suffix else "file or folder"
            raise Fault(f"{what}: {path}: no such {sort}{nearest_file(path)}")
        if not path.is_file():  # reading a device or a pipe may never end
            raise Fault(f"{what}: {path}: is no file")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about size, which is looked at here; about EXIF
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Fault(
                        f"{what}: {path}: {image.width}x{image.height} is too large; "
                        f"{MOST_PIXELS // 1_000_000} megapixels can be read"
                    )
                return pixels(image, LARGEST)
    except Fault:
        raise
    except Image.DecompressionBombError:
        raise Fault(f"{what}: {path}: is too large to be read") from None
    except UnidentifiedImageError:
        raise Fault(
            f"{what}: {path}: is no picture that can be opened (jpg, png, webp, bmp, tif)"
        ) from None
    except OSError as error:
        raise Fault(f"{what}: {path}: cannot be read ({error.strerror or error})") from None
    except Exception as error:  # as Pillow raises for broken files: SyntaxError, ValueError, ...
        raise Fault(f"{what}: {path}: is broken ({error})"[:300]) from None


def _opens(place: Path | np.ndarray) -> bool:
    """Whether it is a picture, by its first bytes."""
    from PIL import Image

    if isinstance(place, np.ndarray):
        return True
    try:
        if not place.is_file():
            return False
        with Image.open(place, formats=FORMATS) as image:
            return image.width * image.height <= MOST_PIXELS
    except Exception:  # as Pillow raises for broken files, and for those that are far too large
        return False


def pixels(image: Image, longest: int) -> np.ndarray:
    """(H, W, 3) uint8 RGB of a picture that was opened: turned as its EXIF tag says, what is
    transparent on white, of at most `longest` pixels a side. Raises what Pillow does for broken
    files: OSError, SyntaxError, ValueError, ..."""
    from PIL import Image as Images
    from PIL import ImageOps

    image.draft("RGB", (longest, longest))  # a JPEG is decoded small at once
    made = ImageOps.exif_transpose(image)
    if made.mode in ("I;16", "I", "F"):  # 16 bits of grey: Pillow would clip them to 8
        grey = np.asarray(made, np.float32)
        scale = 255 / max(float(grey.max()), 255.0)
        made = Images.fromarray((grey.clip(0, None) * scale).astype(np.uint8))
    if made.has_transparency_data:
        made = made.convert("RGBA")
        paper = Images.new("RGBA", made.size, "white")
        made = Images.alpha_composite(paper, made)
    made = made.convert("RGB")
    made.thumbnail((longest, longest), Images.Resampling.LANCZOS)
    return np.array(made)


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Sorts `2.jpg` before `10.jpg`."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _named(files: Sequence[Path]) -> dict[str, Path]:
    """Name -> file. Of two with the same name the later one is called NAME (2); a file whose own
    name that is keeps it."""
    own = {picture_name(path).casefold() for path in files}
    found: dict[str, Path] = {}
    taken: set[str] = set()
    for path in files:
        if path in found.values():
            continue  # named twice
        name = picture_name(path)
        if name.casefold() in taken:
            name = next(one for one in numbered(name) if one.casefold() not in taken | own)
        taken.add(name.casefold())
        found[name] = path
    return found


def numbered(name: str) -> Iterator[str]:
    """NAME (2), NAME (3), ..."""
    return (f"{name} ({number})" for number in range(2, 10_000))
