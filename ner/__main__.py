"""``python -m ner``."""

from ner.cli import main

if __name__ == "__main__":
    main()
