"""A place to let letters go to, for the journeys."""

from collections.abc import Iterator

import pytest

from journeys.sink import Sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink
