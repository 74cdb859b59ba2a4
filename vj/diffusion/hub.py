"""Models of Hugging Face as folders: what was fetched before is taken as it is, without asking;
what was not is fetched, and of it only what is played here.

So a show with a model that was played once starts the same without a network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from vj.core.errors import Fault
from vj.diffusion.load_errors import reason
from vj.diffusion.weight_files import DIFFUSERS, TRANSFORMERS, weights_among

PATIENCE = 10.0
"""Seconds in which Hugging Face has to answer."""
DESCRIBED = (".json", ".txt", ".model")
"""Files that say what a part is like: small."""


def hub_folder(
    where: str,
    hub_id: str,
    wanted: Callable[[Sequence[str]], list[str]],
    check: Callable[[Path], object],
    fetch: bool = True,
) -> Path:
    """The folder of a repository on this machine, fetched unless a whole one is there. where: for
    the error, like `model owner/name`. wanted: which of its files are needed. check: raises Fault
    for a folder that is not whole. fetch: it may be. Raises Fault."""
    from huggingface_hub import HfApi, snapshot_download

    lacks: Fault | None = None
    try:
        folder = Path(snapshot_download(hub_id, local_files_only=True))
        check(folder)
    except Fault as fault:
        lacks = fault
    except Exception:
        pass  # never fetched
    else:
        return folder
    if not fetch:
        raise lacks or Fault(f"{where}: was not fetched before")
    try:
        # of all its questions this one is asked once: others are repeated for half a minute
        there = HfApi().model_info(hub_id, timeout=PATIENCE).siblings or ()
        files = wanted([file.rfilename for file in there])
        folder = Path(snapshot_download(hub_id, allow_patterns=files))
    except Fault:
        raise
    except Exception as error:
        also = f" (of what was fetched before: {lacks})" if lacks is not None else ""
        raise Fault(f"{where}: {reason(error)}{also}") from error
    check(folder)
    return folder


def hub_file(where: str, hub_id: str, liked: str) -> Path:
    """A repository's one safetensors file on this machine, fetched unless it was before; of several
    the one that is called `liked`. where: for the error, like `lcm_lora owner/name`. Raises
    Fault."""

    def wanted(names: Sequence[str]) -> list[str]:
        files = [name for name in names if name.endswith(".safetensors")]
        if liked not in files and len(files) != 1:
            there = f"{len(files)} safetensors files, like {files[0]}" if files else "none"
            raise Fault(
                f"{where}: has {there}, where one is wanted; download one and name the file"
            )
        return [liked] if liked in files else files

    def inside(folder: Path) -> Path:
        names = [path.relative_to(folder).as_posix() for path in folder.rglob("*.safetensors")]
        return folder / wanted(names)[0]

    return inside(hub_folder(where, hub_id, wanted, inside))


def part_files(names: Iterable[str], folder: str, allow_pickle: bool) -> list[str]:
    """Of a repository's files those of one part. folder: it lies in, "" for the top."""
    inside = [name for name in names if name.rpartition("/")[0] == folder]
    short = {name.rpartition("/")[2]: name for name in inside}
    files = [long for name, long in short.items() if name.endswith(DESCRIBED)]
    files = [name for name in files if ".index." not in name]
    for stems in (DIFFUSERS, TRANSFORMERS):
        chosen = weights_among(short, stems, allow_pickle)
        if chosen is not None:
            listed = [] if chosen.shard_list is None else [chosen.shard_list]
            return [*files, *(short[name] for name in (*chosen.files, *listed))]
    return files
