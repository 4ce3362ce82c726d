"""The app: what Spaces starts, and the same as ``python -m ner serve``.

GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say where it listens; without them, 127.0.0.1:7860.
"""

import os

from ner.cli.serve import main


def satisfy_zero_gpu() -> None:
    """Where Spaces lends GPUs per call, register a function that would use one.

    ZeroGPU, told by SPACES_ZERO_GPU, ends an app that has none. Nothing ever calls this one: all
    models run on the CPU. It counts the functions when Gradio launches the page.
    """
    if os.environ.get("SPACES_ZERO_GPU"):
        import spaces

        spaces.GPU(lambda: None)


if __name__ == "__main__":
    satisfy_zero_gpu()
    main()
