"""The reader of mail: octets in, a `Letter` out. Pure: no database, no network, no settings, no clock.

`read` never raises, whatever the octets are; what was wrong with them stands in `Letter.defects`.
"""

from madoguchi.mail.reading.compose import read
from madoguchi.mail.reading.fingerprint import content_fingerprint_material

__all__ = ["content_fingerprint_material", "read"]
