"""What a show may name and the pixel code implements: one list each, so that the checks of a show
file need not import the code that computes."""

from __future__ import annotations

BLEND_MODES = ("normal", "add", "screen", "multiply", "difference", "lighten", "darken")
"""Values of mix/mode, see `vj.kernels`."""
FLOW_KINDS = ("dis", "farneback", "raft", "nvidia")
"""Values of a show's `flow:`, see `vj.pipeline.flow_backends`; raft takes a file, `raft:FILE`."""
UPSCALE_KINDS = ("auto", "fsr", "lanczos", "realesrgan")
"""Values of a show's `upscale:`, see `vj.pipeline.upscale`; a model file is another."""
