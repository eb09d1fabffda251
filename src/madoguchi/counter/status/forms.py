"""What is typed on the private page: a receipt, and words to us."""

from django import forms
from django.utils.translation import gettext_lazy as _

from madoguchi.mail.forms.declaration import TEXT

MOST_TYPED = 200


class ReceiptForm(forms.Form):
    """A receipt, as it was written down."""

    receipt = forms.CharField(
        label=_("Receipt"),
        max_length=MOST_TYPED,
        help_text=_(
            "22 characters. Upper or lower case, spaces and hyphens make no difference. "
            "It is not the reference number."
        ),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
        ),
        error_messages={"required": _("Enter the receipt.")},
    )


class AdditionForm(forms.Form):
    """Words to us: an answer, more, or a correction."""

    text = forms.CharField(
        label=_("Your words"),
        max_length=TEXT,
        strip=False,
        help_text=_(
            "Answer us, add something, or correct what you told us. "
            "For your safety it is not shown here again once you have sent it."
        ),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": _("Please write something before you send it."),
            "max_length": _("This is too long. Please send it in several parts."),
        },
    )

    def clean_text(self) -> str:
        """As it was typed, since logs begin with blanks; blanks alone are nothing."""
        text: str = self.cleaned_data["text"]
        if text.strip():
            return text
        if self.fields["text"].required:
            raise forms.ValidationError(self.fields["text"].error_messages["required"], code="required")
        return ""


class FilesForm(AdditionForm):
    """Words that go with files; the files alone are enough."""

    text = forms.CharField(
        label=_("Your words"),
        max_length=TEXT,
        required=False,
        strip=False,
        help_text=_("Say what the files are, if you can."),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"max_length": _("This is too long. Please send it in several parts.")},
    )
