"""Models that are a part of another, each with a config.json of its own: a UNet, an autoencoder, a
text encoder, a ControlNet, a T2I-Adapter, an image encoder. From a folder or a Hugging Face id.

Every part of every family is opened here, whatever its weights are called.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault
from vj.diffusion.hub import hub_folder, part_files
from vj.diffusion.load_errors import reason
from vj.diffusion.model_names import is_hub_id
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.weight_files import (
    DIFFUSERS,
    TRANSFORMERS,
    WeightFiles,
    no_weights,
    weights_among,
)
from vj.diffusion.weights import check_weights


def check_part(spec: ModelSpec, what: str, name: str, kinds: Sequence[str]) -> bool:
    """Whether a folder holds a whole part. what: the setting, for the error, like `controlnet`.
    kinds: the names of the classes in diffusers or transformers of which it may be one. False for a
    Hugging Face id, of which nothing is known. Raises Fault."""
    folder = Path(name).expanduser()
    if folder.is_file():
        raise Fault(f"{what} {name}: is a file; name a folder, with config.json and weights in it")
    if not folder.is_dir():
        if not is_hub_id(name):
            raise Fault(f"{what} {name}: no such folder (or a Hugging Face id like owner/name)")
        return False
    look_at(f"{what} {name}:", part_in(folder, what), kinds, spec.allow_pickle)
    return True


def open_part(
    spec: ModelSpec, what: str, name: str, kinds: Any | Sequence[Any], dtype: torch.dtype
) -> Any:
    """Load the part that a setting names. kinds: its class, or those of which it may be one. Raises
    Fault."""
    classes = kinds if isinstance(kinds, Sequence) else (kinds,)
    names = [kind.__name__ for kind in classes]
    folder, where = Path(name).expanduser(), f"{what} {name}:"
    if not check_part(spec, what, name, names):

        def wanted(files: Sequence[str]) -> list[str]:
            below = "" if "config.json" in files or f"{what}/config.json" not in files else what
            return part_files(files, below, spec.allow_pickle)

        def check(there: Path) -> None:
            look_at(where, part_in(there, what), names, spec.allow_pickle)

        folder = hub_folder(f"{what} {name}", name, wanted, check)
    return open_folder_part(where, part_in(folder, what), classes, dtype, spec.allow_pickle)


def part_in(folder: Path, what: str) -> Path:
    """Where a part lies in a folder that may be of a whole model: then in its own below."""
    below = folder / what
    whole = not (folder / "config.json").is_file() and (below / "config.json").is_file()
    return below if whole else folder


def read_config(where: str, folder: Path) -> dict[str, Any]:
    """A part's config.json. Raises Fault."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        config = None
    if not isinstance(config, dict):
        raise Fault(
            f"{where} has no config.json that can be read; the download is incomplete, fetch it "
            "again"
        )
    return config


def kind_in(config: dict[str, Any], otherwise: str) -> str:
    """The class that a part's config names; `otherwise` where it names none."""
    found: str = config.get("_class_name") or (config.get("architectures") or [otherwise])[0]
    return found


def look_at(where: str, folder: Path, kinds: Sequence[str], allow_pickle: bool) -> WeightFiles:
    """The weights of a part's folder, after a look at each of them. where: the part, for the error,
    like `controlnet FOLDER:`. Raises Fault."""
    config = read_config(where, folder)
    found = kind_in(config, kinds[0])
    if found not in kinds:
        wanted = " or ".join(f"{'an' if kind.startswith('A') else 'a'} {kind}" for kind in kinds)
        raise Fault(f"{where} is a {found}; {wanted} is wanted here")
    stems = DIFFUSERS if "_class_name" in config else TRANSFORMERS
    names = [path.name for path in folder.iterdir()]
    chosen = weights_among(names, stems, allow_pickle)
    if chosen is None:
        raise no_weights(where, names, stems)
    for name in _listed(folder, chosen):
        if not (folder / name).is_file():
            raise Fault(f"{where} {name} is missing; the download is incomplete, fetch it again")
        check_weights(folder / name)
    return chosen


def _listed(folder: Path, chosen: WeightFiles) -> Sequence[str]:
    """The files of which weights consist: what their index says, where they have one."""
    if chosen.shard_list is None:
        return chosen.files
    try:
        listed = json.loads((folder / chosen.shard_list).read_text(encoding="utf-8"))["weight_map"]
        return sorted(set(listed.values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Fault(
            f"{folder / chosen.shard_list}: no list of shards that can be read; fetch it again"
        ) from None


def open_folder_part(
    where: str,
    folder: Path,
    kinds: Sequence[Any],
    dtype: torch.dtype,
    allow_pickle: bool,
    named: Sequence[str] = (),
) -> Any:
    """Load a part from its folder, of whichever of the classes its config names, else the first.
    named: what its config may name, where that is more than the classes. Raises Fault."""
    chosen = look_at(where, folder, named or [kind.__name__ for kind in kinds], allow_pickle)
    name = kind_in(read_config(where, folder), kinds[0].__name__)
    kind = next((kind for kind in kinds if kind.__name__ == name), kinds[0])
    dtype_argument = "torch_dtype" if kind.__module__.startswith("diffusers") else "dtype"
    try:
        with _called_as_usual(folder, chosen) as usual:
            made, told = kind.from_pretrained(
                str(usual),
                use_safetensors=not chosen.pickled,
                variant=chosen.variant,
                local_files_only=True,
                output_loading_info=True,
                **{dtype_argument: dtype},
            )
    except Exception as error:
        raise Fault(f"{where} {reason(error)}") from None
    raise_missing(where, told["missing_keys"])
    return made


@contextmanager
def _called_as_usual(folder: Path, chosen: WeightFiles) -> Iterator[Path]:
    """A folder in which weights have the name that the libraries look for."""
    if not chosen.renamed:
        yield folder
        return
    stem = (DIFFUSERS if "_class_name" in read_config("", folder) else TRANSFORMERS)[0]
    with tempfile.TemporaryDirectory() as made:
        for name, usual in (("config.json",) * 2, (chosen.files[0], f"{stem}.safetensors")):
            try:
                (Path(made) / usual).symlink_to((folder / name).resolve())
            except OSError:  # Windows allows links to few
                shutil.copyfile(folder / name, Path(made) / usual)
        yield Path(made)


def raise_missing(where: str, missing: Any) -> None:
    """Raises Fault for tensors that a model has and its weights lack: they would be random."""
    if missing:
        one = sorted(missing)[0]
        raise Fault(
            f"{where} its weights lack {len(missing)} tensors, {one} for one; they belong to "
            "another model, or the download is incomplete"
        )
