"""Two taggings of one text: aligned, timed in turns, and probed for robustness."""
