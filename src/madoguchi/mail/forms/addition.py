"""What a reporter adds on the private page, as a form of one question: kept and read as a filled form is."""

from madoguchi.mail.forms.declaration import Field, Form, Section, Words

ADDITION = Form(
    "addition",
    1,
    Words("追加のご連絡", "Added by the reporter"),
    (
        Section(
            "text",
            Words("書き足す", "Write to us"),
            Words("", ""),
            (Field("text", "text", Words("内容", "Your words"), required=True, role="description"),),
        ),
    ),
)
