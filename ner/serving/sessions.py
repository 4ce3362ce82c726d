"""What Gradio remembers of each visitor, without what only its deep links need.

For these it copies every component's settings, and each value shown, into each session; a call of
the API is a session of its own. That was more than half of the time of such a call, and a fifth of
a megabyte; and texts are not to be kept.
"""

from __future__ import annotations

from copy import copy
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
from gradio.state_holder import SessionState, StateHolder


class Session(SessionState):
    """The page's components, copied only once one of them changes for this visitor; no values."""

    def __init__(self, page: gr.Blocks) -> None:
        bare = SimpleNamespace(default_config=page.default_config, blocks=())
        super().__init__(cast(gr.Blocks, bare))
        self._shared = self.blocks_config = page.default_config

    def __setitem__(self, key: int, value: Any) -> None:  # noqa: ANN401 - any value
        if self.blocks_config is self._shared:
            self.blocks_config = copy(self._shared)
        super().__setitem__(key, value)

    def _update_config(self, key: int) -> None:
        """Nothing is kept for deep links."""

    def _update_value_in_config(self, key: int, value: Any) -> None:  # noqa: ANN401 - any value
        """Nothing is kept for deep links."""


class Sessions(StateHolder):
    """The sessions of one page, the least recently used forgotten first, with all that is left."""

    @classmethod
    def install(cls, page: gr.Blocks) -> None:
        """Let the launched ``page`` use these from now on."""
        sessions = cls()
        sessions.set_blocks(page)
        page.app.state_holder = sessions

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks)
            if len(self.session_data) > self.capacity:
                self._forget(next(iter(self.session_data)))
        return super().__getitem__(session_id)

    def _forget(self, session_id: str) -> None:
        """Gradio's queue would remember for ever that it owes this session nothing any more."""
        self.session_data.pop(session_id, None)
        self.time_last_used.pop(session_id, None)
        owed = self.blocks._queue.pending_event_ids_session
        if not owed.get(session_id, True):
            del owed[session_id]
