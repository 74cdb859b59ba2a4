"""What libraries throw while a model is opened, in one line that says what would help."""

from __future__ import annotations

import torch

NOT_REACHED = (
    "couldn't connect",
    "Max retries",
    "LocalEntryNotFound",
    "offline",
    "resolve",
    "not a local folder",
    "not fully cached",
)
"""One of these is in the text when Hugging Face could not be asked."""


def first_words(error: Exception, length: int) -> str:
    """An exception's text on one line, cut off at `length` characters."""
    return " ".join(str(error).split())[:length]


def reason(error: Exception) -> str:
    """One line for whatever diffusers, transformers or safetensors threw at a model."""
    text = " ".join(str(error).split())
    kind = type(error).__name__
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return (
            "does not fit into the GPU's memory; close other programs, or use a smaller size "
            "or model"
        )
    if (
        "safetensor" in kind.lower()
        or "header" in text.lower()
        or "incomplete metadata" in text.lower()
    ):
        return f"a weights file is broken or only half there ({text[:120]}); fetch it again"
    if any(word in text for word in NOT_REACHED) or any(
        word in kind for word in ("Hub", "HTTP", "Connect")
    ):
        return (
            "not on this machine, and Hugging Face could not be reached or has no such model "
            f"({kind}); download it where there is a network, and name the folder"
        )
    if "meta tensor" in text:
        return "its weights lack tensors that the model has; they belong to another model"
    if does_not_fit(text):
        return f"weights and config do not fit together ({text[:160]})"
    return f"{kind}: {text[:200]}"


def does_not_fit(text: str) -> bool:
    """Whether an error is about tensors of another shape than the model's."""
    return "size mismatch" in text or "shape" in text
