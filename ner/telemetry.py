"""Keeps OpenVINO and NNCF from reporting their use to their makers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_REPORTER = "openvino_telemetry"


@contextmanager
def without_telemetry() -> Iterator[None]:
    """Import OpenVINO or NNCF within this, and they find nothing to send reports with.

    Both report, from when they are imported, through the package ``openvino_telemetry``, unless it
    can't be imported; then each keeps a stand-in that sends nothing for as long as the process
    lives. Their documented switch, ``opt_in_out --opt_out``, writes into the user's home folder
    and speaks for all programs, which is not for this package to do. ``sys.modules`` is afterwards
    as before. Where the host program imported OpenVINO first, that is its own decision and stays.
    """
    absent = _REPORTER not in sys.modules
    before = sys.modules.get(_REPORTER)
    sys.modules[_REPORTER] = None  # type: ignore[assignment] # what halts an import
    try:
        yield
    finally:
        if absent:
            del sys.modules[_REPORTER]
        else:
            sys.modules[_REPORTER] = before  # type: ignore[assignment] # as it was
