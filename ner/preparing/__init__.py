"""Converts a checkpoint (export, quantize, check), with torch and so in a process of its own."""
