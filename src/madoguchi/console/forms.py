"""The form in which a handler answers a report."""

from django import forms
from django.utils.translation import gettext_lazy as _

MOST = 100_000


class VersionForm(forms.Form):
    """The version of the report that the sender of the form has seen."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)


class AnswerForm(VersionForm):
    """Subject words and text."""

    subject = forms.CharField(
        label=_("Subject"),
        max_length=120,
        required=False,
        help_text=_("The reference number is put before it. Leave it empty for a neutral one."),
    )
    text = forms.CharField(
        label=_("Your answer"),
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 12}),
        error_messages={"required": _("Please write something before you send it.")},
    )

    recipient = ""
