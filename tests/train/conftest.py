"""The tiny language for all tests of training."""

from tiny_language import base, data, one_thread, settings  # noqa: F401
