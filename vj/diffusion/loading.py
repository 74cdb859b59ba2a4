"""From a show's model section to a backend that is ready to play.

`find_model` says what the model's name means, and there is one function for each kind:

- drawn: `vj.diffusion.drawn_model.load_drawn`
- pocket, or weights trained like it: `vj.diffusion.pocket_model.load_pocket`
- a performer's own: `vj.diffusion.translator_model.load_translator_model`
- a file, a folder or a Hugging Face id: `load_stable_diffusion`, by `open_pipeline` of
  `vj.diffusion.pipelines`

All of it takes seconds to minutes and runs on a thread of its own, never on the render thread.
Whatever is missing, broken or of another kind is a Fault of one line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Literal

import torch

from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.diffusion.adapter_files import add_adapters
from vj.diffusion.autoencoder import choose_vae
from vj.diffusion.autotune import tune
from vj.diffusion.backends import StreamBackend
from vj.diffusion.built_in import BuiltIn
from vj.diffusion.choices import Choices
from vj.diffusion.devices import beside, device_and_dtype
from vj.diffusion.drawn_model import DrawnModel, load_drawn
from vj.diffusion.model import Model
from vj.diffusion.model_names import FoundModel, find_model, no_such_model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.network_runner import NetworkRunner
from vj.diffusion.one_step import paints_from_noise
from vj.diffusion.pipelines import (
    check_fit,
    check_numbers,
    family_of,
    fuse_lcm_lora,
    open_pipeline,
    quieten_libraries,
)
from vj.diffusion.pocket_backend import PocketBackend
from vj.diffusion.pocket_model import PocketModel, load_pocket
from vj.diffusion.speed import LONG
from vj.diffusion.streamdiffusion_backend import StreamDiffusionBackend
from vj.diffusion.translator_backend import TranslatorBackend
from vj.diffusion.translator_model import TranslatorModel, load_translator_model
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend

Engine = Literal["stream", "streamdiffusion"]
OnMessage = Callable[[str], None]
_OPENING = threading.Lock()
"""diffusers makes modules without weights first, by a change in torch's Module that holds for all
threads: what another one opens meanwhile would stay without."""


def load_model(
    spec: ModelSpec, on_message: OnMessage = lambda text: None
) -> Model | PocketModel | DrawnModel | TranslatorModel:
    """A show's model, of whichever kind its name means; not `none`, which is no model. on_message:
    gets what is being loaded, and what plays otherwise than the show might expect. Raises Fault.
    One at a time, whichever thread asks."""
    with _OPENING:
        return _opened(spec, on_message)


def _opened(
    spec: ModelSpec, on_message: OnMessage
) -> Model | PocketModel | DrawnModel | TranslatorModel:
    found = find_model(spec.name)
    if found.kind == "drawn":
        return load_drawn(spec)
    if found.kind == "pocket":
        on_message(f"loading {spec.name}")
        return load_pocket(spec, found.path, *device_and_dtype(spec))
    if found.kind == "translator":
        on_message(f"loading {spec.name}")
        return load_translator_model(spec, found.path, *device_and_dtype(spec))
    return load_stable_diffusion(spec, found, on_message)


def load_stable_diffusion(spec: ModelSpec, found: FoundModel, on_message: OnMessage) -> Model:
    """A model of the Stable Diffusion 1.5, 2.1, Turbo and SDXL families, with its autoencoder,
    LCM-LoRA and adapters. Raises Fault, also for a name that means nothing."""
    device, dtype = device_and_dtype(spec)
    if found.kind not in ("file", "folder", "id"):
        raise no_such_model(spec.name)
    quieten_libraries()
    on_message(f"loading {spec.name} for {device}")
    pipe = open_pipeline(spec, found, dtype)
    family, from_noise = family_of(pipe), paints_from_noise(spec.name, pipe)
    choose_vae(spec, pipe, family, dtype, on_message)
    check_fit(spec.name, pipe)
    if not from_noise or spec.lcm_lora not in ("auto", "off"):
        fuse_lcm_lora(spec, pipe, family, on_message)
    adapters = add_adapters(spec, pipe, family, dtype, on_message)
    model = Model(
        Path(spec.name).name,
        family,
        device,
        dtype,
        pipe,
        adapters=adapters,
        log=on_message,
        speed=spec.speed,
        from_noise=from_noise,
    )
    model.to(dtype)
    check_numbers(spec.name, pipe)
    if adapters.image_prompts is not None:
        adapters.image_prompts.encode_files(spec.image_prompts)
    return model


def load_backends(
    spec: ModelSpec,
    engine: Engine,
    first: Size,
    snapshot: Snapshot,
    live: bool,
    on_message: OnMessage,
    quietly: AbstractContextManager[object] | None = None,
    choices: Choices | None = None,
    supervisor: Supervisor | None = None,
) -> Callable[[Size], Backend]:
    """Load a model and choose the quickest way to compute on a CPU; what is returned makes backends
    for it of any size, and runs their first frames. Raises Fault with one line that says what is
    wrong. The parameters: see `vj.diffusion.making.make_backend`; first: the size at which ways are
    timed."""
    with beside(device_and_dtype(spec)[0]):
        model = load_model(spec, on_message)
    if live and spec.dtype != "float16" and not isinstance(model, DrawnModel):
        dtypes = (torch.float32, torch.bfloat16) if spec.dtype == "auto" else (model.dtype,)
        with quietly or nullcontext():
            chosen = tune(model, first.width, first.height, dtypes, choices)
        if chosen:
            on_message(f"{model.name} computes in {chosen}")

    def backend_at(size: Size) -> Backend:
        with beside(model.device):
            return backend_of(size)

    def backend_of(size: Size) -> Backend:
        backend: StreamBackend | StreamDiffusionBackend | TranslatorBackend
        if isinstance(model, NetworkRunner) and model.is_frozen:
            model.freeze(size.width, size.height)
        if isinstance(model, TranslatorModel):
            backend = TranslatorBackend(model, size, not live, on_message, supervisor)
        elif isinstance(model, BuiltIn):
            backend = PocketBackend(model, size, not live, on_message, supervisor)
        elif engine == "streamdiffusion":
            backend = StreamDiffusionBackend(model, size, not live, on_message, supervisor)
        else:
            backend = StreamBackend(model, size, not live, on_message, supervisor)
        if live or spec.speed in LONG:
            backend.warm(snapshot)
        return backend

    return backend_at
