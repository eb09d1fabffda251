"""The reader of mail: octets in, a `Letter` out. Pure: no database, no network, no settings, no clock.

`read` never raises, whatever the octets are; what was wrong with them stands in `Letter.defects`.
"""

from madoguchi.mail.reading.compose import read
from madoguchi.mail.reading.fingerprint import content_fingerprint_material
from madoguchi.mail.reading.kinds import is_forward
from madoguchi.mail.reading.quotes import new_text

__all__ = ["content_fingerprint_material", "is_forward", "new_text", "read"]
