"""MIDI: ports and what comes in at them."""
