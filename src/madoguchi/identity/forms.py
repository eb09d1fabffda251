"""The sign-in form and the form behind a one-time link."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

__all__ = ["PasswordForm", "SignInForm"]


class SignInForm(AuthenticationForm):
    """Name and password; the answer to a wrong one does not say which was wrong."""

    error_messages = {
        "invalid_login": _("The name or the password is not right. Please try again."),
        "inactive": _("The name or the password is not right. Please try again."),
    }


class PasswordForm(forms.Form):
    """A new password, twice; its strength is judged by the verb."""

    new_password1 = forms.CharField(
        label=_("New password"),
        strip=False,
        help_text=_("At least 12 characters. A few words that only you would put together are best."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    new_password2 = forms.CharField(
        label=_("The same again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_new_password2(self) -> str:
        first, second = self.cleaned_data.get("new_password1"), str(self.cleaned_data["new_password2"])
        if first and first != second:
            raise forms.ValidationError(_("The two passwords differ. Please type the same one twice."))
        return second
