"""From a text to its entities: pieces, segments, inference, decoding into whole words."""
