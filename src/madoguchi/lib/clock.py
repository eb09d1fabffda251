"""Moments made coarser, where the exact one would tell too much."""

from datetime import datetime


def whole_hour(moment: datetime) -> datetime:
    """The beginning of the moment's hour."""
    return moment.replace(minute=0, second=0, microsecond=0)
