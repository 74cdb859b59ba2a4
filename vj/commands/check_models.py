"""Whether a show's model and what is added to it are there and whole, without loading them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vj.app.chosen import with_recipe
from vj.app.model_memory import too_large
from vj.app.setup import model_spec, painted_size, style_pictures
from vj.commands.check_result import CheckResult
from vj.core.errors import Fault
from vj.diffusion.model_names import (
    check_engine,
    find_model,
    is_model_id,
    is_painter,
    no_such_model,
    was_fetched,
)
from vj.diffusion.model_spec import ModelSpec
from vj.graphics_card import nvidia_smi
from vj.painters.installed import check_installed
from vj.painters.style_pictures import unreadable
from vj.show.given_values import given_values
from vj.show.names import BUILT_IN_MODELS
from vj.show.schema import Show
from vj.show.section import KeyPath
from vj.translator.card import read_card
from vj.translator.shipped import FOLDER, SHIPPED

if TYPE_CHECKING:
    from vj.diffusion.file_kinds import FileKind


class _NamedModel(CheckResult):
    """What is found of a model of a show."""

    def __init__(self, whole: CheckResult, name: str | None, show: Show) -> None:
        """name: None for the show's own. show: with the model, and the recipe for it."""
        self._whole, self._name = whole, name
        self._extended = show.model.model_fields_set - show.written.model.model_fields_set

    def error(self, place: KeyPath, text: str | Fault) -> None:
        self._whole.error(self._at(place), text)

    def warn(self, place: KeyPath, text: str | Fault) -> None:
        self._whole.warn(self._at(place), text)

    def skip(self, what: str) -> None:
        self._whole.skip(what)

    def _at(self, place: KeyPath) -> KeyPath:
        if place[:1] != ("model",):
            return place
        if self._extended.intersection(place[1:2]):
            return ("with", "sd", *place)
        return place if self._name is None else ("models", self._name, *place[1:])


def check_models(show: Show, result: CheckResult) -> None:
    """The show's model and those that it lists by name: its autoencoder, LoRAs, embeddings,
    ControlNet and the rest, each by itself."""
    _style_pictures(show.style_pictures, ("style_pictures",), result)
    _chosen_pictures(show, result)
    for name, model in ((None, show.model), *show.models.items()):
        played = with_recipe(show.model_copy(update={"model": model}))
        _check_model(played, _NamedModel(result, name, played))


def _check_model(show: Show, result: CheckResult) -> None:
    model = show.model
    parts = [
        *model.loras,
        *model.embeddings,
        *model.controlnet,
        *model.t2i_adapter,
        model.ip_adapter,
    ]
    if is_painter(model.name):
        _painter(model.name, result)
    _style_pictures(model.style_pictures, ("model", "style_pictures"), result)
    if model.name in BUILT_IN_MODELS and not any(parts):
        if model.name in SHIPPED:
            _people(model.name, read_card(FOLDER / model.name).kind, result)
        _engine(show, result)
        return
    spec = model_spec(show)
    _try(lambda: _model(spec, result), ("model", "name"), result)
    if find_model(spec.name).kind not in (*BUILT_IN_MODELS, "translator"):
        if nvidia_smi():  # else PyTorch, which takes seconds, is not asked
            _card(show, result)
        _autoencoder(spec, result)
        _adapters(spec, result)
        _guides(show, result)
    _engine(show, result)
    if spec.device != "auto":
        from vj.diffusion.devices import best_device

        _try(lambda: best_device(spec.device), ("model", "device"), result)


def _card(show: Show, result: CheckResult) -> None:
    try:
        words = too_large(show, painted_size(show, lambda text: None))
    except Fault:  # no card that PyTorch can use: what `device` says is looked at by itself
        return
    if words:
        result.warn(("model", "name"), words)


def _painter(name: str, result: CheckResult) -> None:
    try:
        check_installed(name)
    except Fault as fault:
        result.warn(("model", "name"), f"{fault}; until then the input is shown untouched")


def _style_pictures(names: Sequence[str], place: KeyPath, result: CheckResult) -> None:
    for index, fault in unreadable(names):
        result.error((*place, index), fault)


def _chosen_pictures(show: Show, result: CheckResult) -> None:
    """Names of style pictures that no picture model of the show has."""
    shows = [show, *(show.model_copy(update={"model": model}) for model in show.models.values())]
    known = [style_pictures(one) for one in shows if one.model.name == "picture"]
    for name, value, place in given_values(show) if known else ():
        if name == "image/styles":
            lost = [set(pictures.unknown(str(value))) for pictures in known]
            for word in sorted(set.intersection(*lost)):
                result.warn(place, known[0].no_such(word))


def _try(look: Callable[[], object], place: KeyPath, result: CheckResult) -> None:
    try:
        look()
    except Fault as fault:
        result.error(place, fault)
    except Exception as error:  # whatever a library throws at a file is about the file
        result.error(
            place,
            f"cannot be opened ({type(error).__name__}: {' '.join(str(error).split())[:200]})",
        )


def _try_lora(look: Callable[[], str], place: KeyPath, result: CheckResult) -> None:
    """look: returns what of the file would be left out, in words."""

    def warned() -> None:
        if told := look():
            result.warn(place, told)

    _try(warned, place, result)


def _model(spec: ModelSpec, result: CheckResult) -> None:
    """The model itself. Raises Fault, or whatever a library throws at its files."""
    from vj.diffusion.checkpoints import check_folder, check_single_file
    from vj.diffusion.model_spec import reject_adapters

    kind, path = find_model(spec.name)
    if kind in BUILT_IN_MODELS:
        reject_adapters(spec)
    elif kind == "translator":
        _translator(spec, path, result)
    elif kind == "missing":
        raise no_such_model(spec.name)
    elif kind == "id":
        _not_looked_at(spec.name, result)
    elif kind == "folder":
        check_folder(spec, path)
    else:
        _single_file(check_single_file(spec, path), spec, result)


def _single_file(kind: FileKind | None, spec: ModelSpec, result: CheckResult) -> None:
    """What a file of a model needs beside itself. kind: None for a pickle."""
    from vj.diffusion.single_file import DESCRIPTIONS

    if kind is None:
        result.skip(f"{spec.name} (a pickle, which is read whole)")
        return
    if spec.config is None:
        known = DESCRIPTIONS[kind.family]
        if not any(was_fetched(hub_id) for hub_id in known):
            result.skip(
                f"the configuration and tokenizer of {known[0]}, which would be fetched from "
                f"Hugging Face for {spec.name}; config: FOLDER does without"
            )


def _translator(spec: ModelSpec, folder: Path, result: CheckResult) -> None:
    """Raises Fault for what would not play here or elsewhere; what is only not installed here is a
    warning, as it is with painters."""
    import torch

    from vj.diffusion.translator_model import load_translator_model

    model = load_translator_model(spec, folder, torch.device("cpu"), torch.float32)
    _people(spec.name, model.kind, result)


def _people(name: str, kind: str, result: CheckResult) -> None:
    """What finds the people of a translator."""
    from vj.translator.conditions import Conditioner, ConditionSettings

    try:
        Conditioner(kind, ConditionSettings())
    except Fault as fault:
        result.warn(
            ("model", "name"), f"model {name}: {fault}; until then the input is shown untouched"
        )


def _not_looked_at(hub_id: str, result: CheckResult) -> None:
    fetched = "was fetched before"
    later = "would be fetched from Hugging Face when it is first played"
    result.skip(f"{hub_id} ({fetched if was_fetched(hub_id) else later})")


def _autoencoder(spec: ModelSpec, result: CheckResult) -> None:
    from vj.diffusion.autoencoder import WORDS, check_vae_file
    from vj.diffusion.checkpoints import VAE_KINDS, check_described
    from vj.diffusion.folder_facts import family_of_folder
    from vj.diffusion.lora_layers import check_lora

    if Path(spec.vae).expanduser().is_file():
        _try(partial(check_vae_file, spec, spec.vae), ("model", "vae"), result)
    elif spec.vae not in WORDS:
        _part(spec, "vae", spec.vae, VAE_KINDS, result)
    if spec.lcm_lora not in ("auto", "off"):
        if Path(spec.lcm_lora).expanduser().is_file() or not is_model_id(spec.lcm_lora):
            look = partial(check_lora, spec, "lcm_lora", spec.lcm_lora, family_of_folder(spec))
            _try_lora(look, ("model", "lcm_lora"), result)
        else:
            _not_looked_at(spec.lcm_lora, result)
    if spec.config is not None and not Path(spec.config).expanduser().is_dir():
        result.error(
            ("model", "config"),
            f"config {spec.config}: no such folder; a diffusers folder that describes the file is "
            "wanted",
        )
    elif spec.config is not None:
        folder = Path(spec.config).expanduser()
        _try(partial(check_described, f"config {spec.config}", folder), ("model", "config"), result)


def _part(
    spec: ModelSpec,
    setting: str,
    name: str,
    kinds: Sequence[str],
    result: CheckResult,
    index: int | None = None,
) -> None:
    """A folder or id that a setting names. kinds: the classes of which it may be one. index: in the
    setting's list."""
    from vj.diffusion.parts import check_part

    def look() -> None:
        if not check_part(spec, setting, name, kinds):
            _not_looked_at(name, result)

    place = ("model", setting)
    _try(look, place if index is None else (*place, index), result)


def _adapters(spec: ModelSpec, result: CheckResult) -> None:
    from vj.diffusion.embedding_file import check_embedding
    from vj.diffusion.folder_facts import family_of_folder, text_widths
    from vj.diffusion.ip_adapter import check_ip_adapter
    from vj.diffusion.lora_layers import check_lora

    if spec.loras or spec.embeddings or spec.controlnet or spec.t2i_adapter or spec.ip_adapter:
        result.skip("whether what is added to the model fits it")
    files = [*(lora.file for lora in spec.loras), *(word.file for word in spec.embeddings)]
    for file in (*files, *([spec.ip_adapter] if spec.ip_adapter is not None else [])):
        if spec.allow_pickle and Path(file).suffix != ".safetensors":
            result.skip(f"{file} (a pickle, which is read whole)")
    family, widths = family_of_folder(spec), text_widths(spec)
    for index, lora in enumerate(spec.loras):
        lora_look = partial(check_lora, spec, "lora", lora.file, family)
        _try_lora(lora_look, ("model", "loras", index), result)
    for index, word in enumerate(spec.embeddings):
        look = partial(check_embedding, spec, word.file, widths)
        _try(look, ("model", "embeddings", index), result)
    for setting, kind in (("controlnet", "ControlNetModel"), ("t2i_adapter", "T2IAdapter")):
        for index, part in enumerate(getattr(spec, setting)):
            _part(spec, setting, part.model, [kind], result, index)
    if spec.ip_adapter is not None:
        _try(partial(check_ip_adapter, spec, spec.ip_adapter), ("model", "ip_adapter"), result)
    if spec.image_encoder is not None:
        kind = "CLIPVisionModelWithProjection"
        _part(spec, "image_encoder", spec.image_encoder, [kind], result)
    _image_prompts(spec, result)


def _guides(show: Show, result: CheckResult) -> None:
    """What a ControlNet is led by that cannot be had here."""
    from vj.pipeline.guides import lacking_of

    for setting in ("controlnet", "t2i_adapter"):
        for index, part in enumerate(getattr(show.model, setting)):
            if message := lacking_of(part.guide, show.depth is not None):
                result.warn(("model", setting, index), message)


def _image_prompts(spec: ModelSpec, result: CheckResult) -> None:
    from vj.sources.image import read_picture

    for index, name in enumerate(spec.image_prompts):
        look = partial(read_picture, name, "image_prompts")
        _try(look, ("model", "image_prompts", index), result)


def _engine(show: Show, result: CheckResult) -> None:
    _try(lambda: check_engine(show.engine, show.model.name), ("engine",), result)
    if show.engine == "streamdiffusion":
        import importlib.util

        if importlib.util.find_spec("streamdiffusion") is None:
            result.error(
                ("engine",),
                "engine streamdiffusion: the package streamdiffusion is not installed; leave the "
                "line out for our own",
            )
