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
        files = wanted(HfApi().list_repo_files(hub_id))
        folder = Path(snapshot_download(hub_id, allow_patterns=files))
    except Fault:
        raise
    except Exception as error:
        also = f" (of what was fetched before: {lacks})" if lacks is not None else ""
        raise Fault(f"{where}: {reason(error)}{also}") from error
    check(folder)
    return folder


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
