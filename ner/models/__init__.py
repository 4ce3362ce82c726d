"""Which models there are, how they lie on disk, and opening them; converts nothing itself."""
