"""Gold and texts in the formats that people have; whole files tagged row by row and written."""
