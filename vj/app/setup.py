"""What a show file means for playing and rendering: the painted size, the start values, the model,
the person and depth models, optical flow and the sinks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vj.core.errors import Fault, Unavailable
from vj.core.frame import Aspect, Size
from vj.core.supervisor import Supervisor
from vj.diffusion.devices import best_device_name
from vj.diffusion.model_names import is_built_in, trained_side, translator_folder
from vj.diffusion.model_spec import EmbeddingFile, GuidedPart, LoraFile, ModelSpec
from vj.diffusion.size_fit import LARGEST
from vj.painters.style_pictures import StylePictures
from vj.parameters.table import Value
from vj.pipeline.depth import FindDepth
from vj.pipeline.depth_model import DEPTH, DepthModel
from vj.pipeline.flow_backends import Calculate, make_flow
from vj.pipeline.interpolation import Deliver, SlowMotion
from vj.pipeline.masks import SegmentPerson
from vj.pipeline.network_thread import NetworkThread
from vj.pipeline.person_segmentation import PersonModel
from vj.pipeline.rife import Network, load_rife
from vj.pipeline.selfie_segmentation import SelfieSegmentation, missing
from vj.show.find import PICTURES
from vj.show.given_values import given_values
from vj.show.schema import Show
from vj.sources import split_uri

LISTS = (
    *("loras", "embeddings", "controlnet", "t2i_adapter"),
    *("image_prompts", "style_pictures"),
)
"""What a model's section has lists of."""
NATIVE_SIDES = (("xl-turbo", 512), ("xl", 1024), ("2-1-base", 512), ("2-1", 768))
"""Sides of the square that models were made for, by what their names hold; 512 otherwise."""


def painted_size(show: Show, log: Callable[[str], None]) -> Size:
    """The show's size as the model can paint it: an aspect near the model's own area, a size in
    multiples of 8. For auto the largest there is; live, another may be found while the model
    loads."""
    if show.size == "auto":
        any_size = show.model.name == "none" or paints_any_size(show)
        return LARGEST if any_size else _near_its_own(Aspect(16, 9), show.model.name)
    if isinstance(show.size, Aspect):
        return _near_its_own(show.size, show.model.name)
    if show.model.name == "none" or show.size == show.size.rounded(8):
        return show.size
    size = show.size.rounded(8)
    log(f"size {show.size} is painted as {size}: diffusion wants multiples of 8")
    return size


def paints_any_size(show: Show) -> bool:
    """The show leaves the size open, and its model was not made for one."""
    name = show.model.name
    return show.size == "auto" and is_built_in(name) and translator_folder(name) is None


def _near_its_own(aspect: Aspect, name: str) -> Size:
    """A size of a shape, as near to the model's own area as it can paint."""
    step = 64 if trained_side(name) is None else 16
    return aspect.size(native_side(name), step)


def native_side(name: str) -> int:
    """The side of the square that a model was made for, in pixels: from its folder where there is
    one, else from its name."""
    trained = trained_side(name)
    if trained is not None:
        return max(64, trained)
    if name == "none" or is_built_in(name):
        return 256
    folder = Path(name).expanduser()
    try:
        side = json.loads((folder / "unet" / "config.json").read_text(encoding="utf-8"))[
            "sample_size"
        ]
        levels = json.loads((folder / "vae" / "config.json").read_text(encoding="utf-8"))
        halvings = len(levels.get("block_out_channels") or levels["encoder_block_out_channels"]) - 1
        return max(64, int(side) * 2**halvings)
    except (OSError, ValueError, KeyError, TypeError):
        return next((side for part, side in NATIVE_SIDES if part in name.lower()), 512)


def start_values(show: Show) -> dict[str, Value]:
    """What the show starts with. Without a source there is nothing to keep, so strength starts at 1
    unless the show says otherwise. `loop: false` is what source/loop starts with."""
    values = {"tempo/bpm": show.tempo.bpm, **show.start}
    if split_uri(show.source[0])[0] == "none":
        values.setdefault("strength", 1.0)
    if not show.loop:
        values.setdefault("source/loop", "once")
    return values


def left_out_live(show: Show) -> list[str]:
    """What a show says of a rendering alone, in words for the user."""
    finish = ["finish: is for --offline; live it is left out"] if show.finish else []
    slow = [f"slow: {show.slow} is for --offline; live plays at its own speed"]
    return finish + (slow if show.slow > 1 else [])


def style_files(show: Show) -> list[str]:
    """The pictures, and folders of them, that the picture model takes: those of the model, else
    those of the show."""
    return show.model.style_pictures or show.style_pictures


def style_pictures(show: Show) -> StylePictures:
    """What image/styles may name in this show."""
    return StylePictures(style_files(show), str(PICTURES))


def check_style_pictures(show: Show, played_anew: bool) -> None:
    """Raises Fault for a picture that the show needs and that is not there: before a long rendering
    begins. played_anew: not a take, whose names mean what they meant when it was played."""
    if show.model.name != "picture":
        return
    given = given_values(show) if played_anew else ()
    asked = [str(value) for name, value, _ in given if name == "image/styles"]
    asked += [scene.image for scene in show.prompts if scene.image] if played_anew else []
    style_pictures(show).check(asked)


def model_spec(show: Show) -> ModelSpec:
    """The show's model section as `vj.diffusion` takes it."""
    model = show.model
    return ModelSpec(
        **model.model_dump(exclude=set(LISTS)),
        controlnet=tuple(GuidedPart(one.model, one.guide) for one in model.controlnet),
        t2i_adapter=tuple(GuidedPart(one.model, one.guide) for one in model.t2i_adapter),
        loras=tuple(LoraFile(lora.file, lora.name, lora.weight) for lora in model.loras),
        embeddings=tuple(EmbeddingFile(word.file, word.token) for word in model.embeddings),
        image_prompts=tuple(model.image_prompts),
        style_pictures=tuple(style_files(show)),
        pictures_folder=str(PICTURES),
    )


def make_person_segmentation(
    show: Show, live: bool, log: Callable[[str], None], supervisor: Supervisor | None = None
) -> SegmentPerson | None:
    """What finds people in a show's frames, live beside the picture: the model that the show names,
    else what `launch.py add person` has fetched; None where there is neither. Raises Fault when a
    model that is named does not load."""
    if show.person is not None:
        return _beside(
            PersonModel(Path(show.person.model).expanduser(), show.person.input).find,
            live,
            log,
            supervisor,
        )
    return fetched_person(live, log, supervisor)


def person_segmentation(
    show: Show, live: bool, log: Callable[[str], None], supervisor: Supervisor | None = None
) -> SegmentPerson | None:
    """The same; when the show's model does not load, that is logged and what is fetched stands
    in."""
    try:
        return make_person_segmentation(show, live, log, supervisor)
    except Fault as fault:
        found = fetched_person(live, log, supervisor)
        other = "the clean plate" if found is None else "the person mask of launch.py add person"
        log(f"{fault}; mask/mode person: {other} stands in")
        return found


def fetched_person(
    live: bool, log: Callable[[str], None], supervisor: Supervisor | None
) -> SegmentPerson | None:
    """What finds people with what `launch.py add person` has fetched; None without it. Nothing is
    loaded yet."""
    if missing():
        return None
    return _beside(SelfieSegmentation().find, live, log, supervisor)


def _beside(
    find: Callable[[np.ndarray], np.ndarray],
    live: bool,
    log: Callable[[str], None],
    supervisor: Supervisor | None,
) -> SegmentPerson:
    """Live on a thread of its own, offline on the spot."""
    return NetworkThread(find, log, supervisor) if live else find


def make_depth_finder(
    show: Show, live: bool, log: Callable[[str], None], supervisor: Supervisor | None = None
) -> FindDepth | None:
    """What finds the depth of a show's frames, live beside the picture; None where it names no
    depth model. Raises Fault when that does not load."""
    if show.depth is None:
        return None
    find = DepthModel(Path(show.depth.model).expanduser(), show.depth.side).find
    return NetworkThread(find, log, supervisor, words=DEPTH) if live else find


def depth_finder(
    show: Show, live: bool, log: Callable[[str], None], supervisor: Supervisor | None = None
) -> FindDepth | None:
    """The same; a model that does not load is logged."""
    try:
        return make_depth_finder(show, live, log, supervisor)
    except Fault as fault:
        log(f"{fault}; nothing is known to be near")
        return None


def make_flow_backend(show: Show) -> Calculate | None:
    """How a show's motion is found; None for DIS, which is as careful as each place wants it.
    Raises Fault where what it names cannot be had."""
    if show.flow == "dis":
        return None
    on_a_cpu = show.flow == "farneback"  # PyTorch need not be asked what there is
    return make_flow(show.flow, "cpu" if on_a_cpu else best_device_name())


def flow_finder(show: Show, log: Callable[[str], None]) -> Calculate | None:
    """The same; where what it names cannot be had, that is logged and DIS is used."""
    try:
        return make_flow_backend(show)
    except Fault as fault:
        log(f"{fault}; flow: dis is used")
        return None


def network_between(show: Show, log: Callable[[str], None]) -> Network | None:
    """What makes the frames between, rendered, where the show names a network; None for the flow.
    One that cannot be had is logged."""
    if show.between != "rife":
        return None
    try:
        return load_rife(best_device_name(show.model.device))
    except Unavailable as lack:
        log(f"{lack}; the flow makes the frames between")
        return None


def slow_motion(
    show: Show, deliver: Deliver, flow: Calculate | None, network: Network | None
) -> SlowMotion:
    """What makes `slow:` of a rendering's frames. flow: the show's."""
    return SlowMotion(show.slow, deliver, None if show.flow == "dis" else flow, network)


def sink_uris(show: Show) -> list[str]:
    """The sinks that are threads of their own; the preview page is none."""
    return [uri for uri in show.sinks if uri.partition(":")[0] != "preview"]
