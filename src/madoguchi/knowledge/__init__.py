"""Guides and courses, kept by version. Holds no code yet."""
