"""Enquiries and the standing answers to them. Holds no code yet."""
