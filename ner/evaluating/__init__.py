"""Scores sides against gold or against each other, and says whether one can replace the other."""
