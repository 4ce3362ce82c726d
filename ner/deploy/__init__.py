"""Builds and uploads the folder of a Space, and exports a variant with its model card."""
