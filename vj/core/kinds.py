"""What a show may name and the pixel code implements: one list each, so that the checks of a show
file need not import the code that computes."""

from __future__ import annotations

BLEND_MODES = ("normal", "add", "screen", "multiply", "difference", "lighten", "darken")
"""Values of mix/mode, see `vj.kernels`."""
WIPES = ("wipe-left", "wipe-right", "wipe-up", "wipe-down", "iris", "clock", "blinds", "luma")
"""Deck B comes over deck A place by place, see `vj.pipeline.wipes`."""
DECK_MODES = (*BLEND_MODES, *WIPES)
"""Values of deck/mode, see `vj.pipeline.decks`."""
CLIP_LOOPS = ("loop", "ping-pong", "once", "next")
"""What comes at a clip's end, see `vj.sources.transport`."""
CLIP_BETWEEN = ("hold", "flow")
"""What is seen between two pictures of a clip that plays slowly."""
CUT_ORDERS = ("in-turn", "random")
"""Values of cut/order, see `vj.control.cuts`."""
DECK_SPACES = ("picture", "flow", "latent")
"""Values of deck/space."""
GUIDES = ("lines", "edges", "depth", "face", "body")
"""What a ControlNet or T2I-Adapter may be led by, see `vj.pipeline.guides`."""
FLOW_KINDS = ("dis", "farneback", "raft", "nvidia")
"""Values of a show's `flow:`, see `vj.pipeline.flow_backends`; raft takes a file, `raft:FILE`."""
UPSCALE_KINDS = ("auto", "fsr", "lanczos", "realesrgan")
"""Values of a show's `upscale:`, see `vj.pipeline.upscale`; a model file is another."""
