"""Forwards an engine's statistics to paramedic.

A stat logger for Aphrodite Engine and vLLM (v1), standard library only, Python 3.9 and later. The
engine calls ``record`` in its event loop, so ``record`` copies a few numbers into a bounded queue and
returns: it never blocks, never raises, and does no I/O. A background thread turns the queue into
measurements once per interval and posts them; what cannot be delivered is kept up to a bound, then
the oldest is dropped and counted.

It works without the engine's package: what ``record`` is given is read by attribute.
"""

from .logger import VIOLATION_TYPES, ParamedicStatLogger
from .settings import Settings

__all__ = ["ParamedicStatLogger", "Settings", "VIOLATION_TYPES"]
