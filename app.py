"""The app: what Spaces starts, and the same as ``python -m ner serve``.

GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say where it listens; without them, 127.0.0.1:7860.
"""

from ner.ui import serve

if __name__ == "__main__":
    serve()
