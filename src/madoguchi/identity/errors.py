"""What can go wrong with accounts, in sentences a person reads."""

from django.core.exceptions import PermissionDenied


class IdentityError(Exception):
    """The account could not be changed."""


class NameTakenError(IdentityError):
    """There is an account of this name already. Choose another, or reset it with `madoguchi staff reset`."""


class UnknownStaffError(IdentityError):
    """There is no account of this name. See `madoguchi staff list`."""


class DisabledError(IdentityError):
    """This account was ended and stays so. Make one of another name with `madoguchi staff add`."""


class LinkSpentError(IdentityError):
    """This link was used or has ended. Ask for a new one."""


class RolesConflictError(IdentityError):
    """These two roles may not be held by one person. Give one of them to somebody else."""


class NotAllowedError(IdentityError, PermissionDenied):
    """Your role does not include this. Ask whoever gives out roles at your centre."""


class PasskeyError(IdentityError):
    """This passkey was not accepted. Try once more, or use another way to sign in."""


class LastFactorError(IdentityError):
    """This is your only second factor. Add another one first."""
