"""Lamps that follow the picture."""
