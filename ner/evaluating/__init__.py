"""Predictions against gold, or against each other; tags nothing and reads no file by itself."""
