"""A show being played or rendered."""
