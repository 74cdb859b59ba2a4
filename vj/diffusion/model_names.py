"""What a model's name means: one that comes with vj, a file, a folder, or a Hugging Face id.

The loader and `check` both ask `find_model`. No torch and no diffusers, whose imports take seconds.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, NamedTuple

from vj.core.errors import Fault, nearest, nearest_file
from vj.pocket import FILE, WEIGHTS
from vj.translator.card import FILE as TRANSLATOR
from vj.translator.card import read_card
from vj.translator.shipped import FOLDER as SHIPPED_FOLDER
from vj.translator.shipped import SHIPPED

ModelKind = Literal[
    "none",
    "drawn",
    "pocket",
    "styles",
    "picture",
    "translator",
    "file",
    "folder",
    "id",
    "missing",
]
WORDS: dict[str, ModelKind] = {
    "drawn": "drawn",
    "styles": "styles",
    "picture": "picture",
    "none": "none",
}
"""Names that are no file, whatever lies there."""
PAINTERS = ("styles", "picture")
"""Models of `vj.painters`."""
CHECKPOINT_SUFFIXES = (".safetensors", ".ckpt")


class FoundModel(NamedTuple):
    """kind: what a name means. path: where it lies; for none, drawn, styles, picture, id
    and missing there is nothing at it."""

    kind: ModelKind
    path: Path


def find_model(name: str) -> FoundModel:
    """What a model's name means on this machine.

    none: no model. drawn: the techniques of the built-in model without its network. pocket: the
    built-in model, or weights trained like it. styles: the painter of learned styles. picture: the
    one whose style is any picture. translator: the folder of one that a performer has trained, or
    of one that comes with vj.
    file: a single-file checkpoint. folder: in the layout of diffusers. id: of Hugging Face.
    missing: a path at which nothing is.
    """
    path = Path(name).expanduser()
    if name in WORDS:
        return FoundModel(WORDS[name], path)
    weights = pocket_file(name)
    if weights is not None:
        return FoundModel("pocket", weights)
    folder = translator_folder(name)
    if folder is not None:
        return FoundModel("translator", folder)
    if path.is_file():
        return FoundModel("file", path)
    if path.is_dir():
        return FoundModel("folder", path)
    # models/me is a translator, mistyped or not begun yet, and nobody at Hugging Face.
    own = path.parent == Path("models")
    return FoundModel("id" if is_model_id(name) and not own else "missing", path)


def no_such_model(name: str) -> Fault:
    """The error for a name that is missing."""
    known = ("pocket", *WORDS, *SHIPPED)
    near = nearest(name, known) or nearest_file(Path(name).expanduser())
    return Fault(
        f"model {name}: no such file or folder{near} (a model is {', '.join(known)}, a path, or a "
        "Hugging Face id like owner/name)"
    )


def pocket_file(name: str) -> Path | None:
    """The weights that a name of the built-in kind means: pocket, a folder that
    `vj.pocket.training.train` wrote, or the file in it. None for every other name."""
    if name == "pocket":
        return WEIGHTS / FILE
    path = Path(name).expanduser()
    if path.is_dir() and (path / FILE).is_file():
        return path / FILE
    return path if path.name == FILE and path.is_file() else None


def translator_folder(name: str) -> Path | None:
    """The model folder of a translator that a name means: of one that comes with vj, a folder, or
    the weights in it. None for every other name.

    `kiss` alone is the one that comes with vj, whatever lies there; a folder is meant by a path,
    `models/kiss` or `./kiss`.
    """
    if name in SHIPPED:
        return SHIPPED_FOLDER / name
    path = Path(name).expanduser()
    if name in WORDS or name == "pocket":
        return None
    if path.is_dir() and (path / TRANSLATOR).is_file():
        return path
    return path.parent if path.name == TRANSLATOR and path.is_file() else None


def trained_side(name: str) -> int | None:
    """The side of the squares that a translator was trained on, in pixels; None for every other
    name, and where its card cannot be read: the loader says why."""
    folder = translator_folder(name)
    try:
        return None if folder is None else read_card(folder).size
    except Fault:
        return None


def weights_written(name: str) -> tuple[int, int] | None:
    """When a translator's weights were written (nanoseconds), and how many bytes; None for every
    other model."""
    folder = translator_folder(name)
    try:
        status = None if folder is None else (folder / TRANSLATOR).stat()
    except OSError:
        return None
    return None if status is None else (status.st_mtime_ns, status.st_size)


def own_translators() -> list[str]:
    """The names of the translators in the working directory's folder `models`, `models/kiss`."""
    return sorted(file.parent.as_posix() for file in Path("models").glob(f"*/{TRANSLATOR}"))


def check_engine(engine: str, name: str) -> None:
    """Raises Fault where the package StreamDiffusion shall play a model that is not for it."""
    if engine == "streamdiffusion" and is_built_in(name):
        raise Fault(
            f"engine streamdiffusion: the package does not play model: {name}; leave engine out, "
            "and vj's own does"
        )


def is_built_in(name: str) -> bool:
    """Whether a name means a model that comes with vj, or one trained here as they were."""
    return (
        name == "drawn"
        or is_painter(name)
        or pocket_file(name) is not None
        or translator_folder(name) is not None
    )


def is_painter(name: str) -> bool:
    """Whether a name means a model that paints through onnxruntime, `vj.painters`."""
    return name in PAINTERS


def is_hub_id(name: str) -> bool:
    """Whether a name has the form of a Hugging Face id, `owner/name`, rather than of a path."""
    return name.count("/") == 1 and not name.startswith((".", "/", "~"))


def is_model_id(name: str) -> bool:
    """The same where a file could be meant as well: `owner/name`, but not `folder/name.ckpt`."""
    return is_hub_id(name) and Path(name).suffix not in CHECKPOINT_SUFFIXES


def hub_cache() -> Path:
    """The folder into which Hugging Face's libraries fetch models."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache/huggingface")
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub")


def was_fetched(hub_id: str) -> bool:
    """Whether a model of Hugging Face has been fetched before, in whole or in part."""
    folder = hub_cache() / f"models--{hub_id.replace('/', '--')}"
    return any(folder.glob("snapshots/*"))
