"""From a text to its entities; knows no model by name, no folder of them, and no page."""
