"""The forms of signing in, of a one-time link, and of adding a second factor."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

__all__ = ["AppForm", "CodeForm", "PasskeyForm", "PasswordForm", "SignInForm"]


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


class CodeForm(forms.Form):
    """A code of an authenticator app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("Six digits from your app, or one of your recovery codes."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "characters"}),
    )

    def refuse(self) -> None:
        """Says that the code was not right; what was typed is not shown again."""
        self.add_error(
            "code", _("This code is not right, or was used already. Wait for the next one and try again.")
        )
        self.data = {}


class AppForm(CodeForm):
    """The first code of an app that is being added."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("The six digits that the app shows now."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "size": "10"}),
    )


class PasskeyForm(forms.Form):
    """A passkey that a browser made, and the name by which its owner knows it."""

    label = forms.CharField(
        label=_("Name of this passkey"),
        max_length=60,
        help_text=_("So that you know it again, such as “office laptop”."),
    )
    credential = forms.JSONField(widget=forms.HiddenInput, required=False)
