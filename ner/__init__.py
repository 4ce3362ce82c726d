"""Named entities by a model and by its INT8 OpenVINO twin, side by side."""
