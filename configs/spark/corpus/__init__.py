"""The text spark learns from, and the held-out questions that score it; all of it generated from a seed."""
