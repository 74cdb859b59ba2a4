"""A real show, a real receiver, and everything that may go wrong on a stage: `python -m
tests.faults --list`."""
