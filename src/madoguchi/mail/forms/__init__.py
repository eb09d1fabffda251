"""Forms as data: what is asked, in both languages, how a filled one is written as a MIME message and read back.

The web form, the readable text and the reader of filled forms all follow one declaration. No Django here.
"""

from madoguchi.mail.forms.addition import ADDITION
from madoguchi.mail.forms.checking import Problem, is_anonymous, problems, tidy
from madoguchi.mail.forms.composing import Composed, File, compose, encoded_size, shown_name
from madoguchi.mail.forms.declaration import Answer, Answers, Choice, Field, Form, Language, Section, Words
from madoguchi.mail.forms.incident_report import INCIDENT_REPORT
from madoguchi.mail.forms.readable import readable
from madoguchi.mail.forms.submitted import FORM_TYPE, Submitted, submitted

__all__ = [
    "ADDITION",
    "FORM_TYPE",
    "INCIDENT_REPORT",
    "Answer",
    "Answers",
    "Choice",
    "Composed",
    "Field",
    "File",
    "Form",
    "Language",
    "Problem",
    "Section",
    "Submitted",
    "Words",
    "compose",
    "encoded_size",
    "is_anonymous",
    "problems",
    "readable",
    "shown_name",
    "submitted",
    "tidy",
]
