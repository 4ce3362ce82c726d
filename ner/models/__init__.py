"""Which models there are, their names, recipes and folders on disk, and opening them."""
