"""``python -m ner``."""

from ner.cli.main import main

if __name__ == "__main__":
    main()
