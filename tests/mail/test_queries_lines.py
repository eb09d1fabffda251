"""A letter of ours, opened for a page."""

from datetime import datetime

import pytest

from madoguchi.mail.queries import sent_letters
from mail.outbox import answer

pytestmark = [pytest.mark.store, pytest.mark.django_db]


def test_a_letter_of_ours_is_shown_without_its_carriage_returns(now: datetime) -> None:
    [letter] = sent_letters([answer(now)]).values()
    assert "\n" in letter.text
    assert "\r" not in letter.text
