"""From a text to its entities; knows nothing of where models come from or of who asks."""
