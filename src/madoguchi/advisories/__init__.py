"""Alerts and advisories: drafted, reviewed, approved and published, as pages, feeds and CSAF. Holds no code yet."""
