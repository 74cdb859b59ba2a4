"""Input that nobody would send, made from a seed: `python -m tests.fuzz osc --packets 1000000
--seed 1`."""
