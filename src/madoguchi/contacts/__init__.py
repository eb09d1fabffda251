"""Organisations, their networks and keys, and where each contact was found. Holds no code yet."""
