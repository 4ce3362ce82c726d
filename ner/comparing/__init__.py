"""Two taggings of one text: aligned, timed in turns, and probed; knows no gold."""
