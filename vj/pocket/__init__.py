"""The built-in model: a small network of our own, the techniques it was taught, and how.

It is a paired image-translation model, not a text-to-image model: it knows the words of
`lexicon.py` and repaints what it is shown. `docs/pocket.md` says what to expect.
"""

from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights"
"""The folder of the trained network and its model card."""
FILE = "pocket.safetensors"
"""The network's weights, in this folder or in one that `vj.pocket.training.train` wrote."""
