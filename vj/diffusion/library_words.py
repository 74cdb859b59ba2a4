"""What diffusers, transformers and peft warn of while they are given a file, told once."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LIBRARIES = ("diffusers", "transformers", "peft")
LENGTH = 240
OWN_BUSINESS = ("peft_config", "is deprecated", "CLIP can only handle")
"""One of these is in what concerns nobody who plays: that there is a second LoRA, what the next
version of a library will call something."""


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@contextmanager
def told_once(what: str, on_message: Callable[[str], None]) -> Iterator[None]:
    """Within it, each warning of the libraries reaches `on_message` once, in one line that begins
    with `what`, also when it ends in an exception; outside of it they are quiet (see
    `vj.diffusion.pipelines.quieten_libraries`). What others warn of meanwhile goes where it went
    before."""
    heard = _Heard()
    loggers = [logging.getLogger(name) for name in LIBRARIES]
    before = [(logger.level, logger.handlers[:], logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [heard], False
        logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    finally:
        for logger, (level, handlers, propagate) in zip(loggers, before, strict=True):
            logger.setLevel(level)
            logger.handlers, logger.propagate = handlers, propagate
        for one in caught:
            if any(name in Path(one.filename).parts for name in LIBRARIES):
                heard.texts.append(str(one.message))
            else:
                warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        lines = dict.fromkeys(" ".join(text.split())[:LENGTH] for text in heard.texts)
        for line in lines:
            if not any(words in line for words in OWN_BUSINESS):
                on_message(f"{what}: {line}")
