"""Madoguchi: the public counter of a computer security incident response team."""
