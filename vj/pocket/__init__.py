"""The built-in model: weights of our own in diffusers layout, and the script that trained them.

It is a small paired image-translation diffusion model, not a text-to-image model: it knows the words of
`vocabulary.py` and repaints what it is shown. `docs/pocket.md` says what to expect.
"""

from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights"
"""The model folder, in the layout `StableDiffusionPipeline.from_pretrained` reads."""
