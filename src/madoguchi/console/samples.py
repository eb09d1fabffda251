"""What the gallery shows in its components: a form with every kind of control, and texts in both languages."""

from typing import Any, Final

from django import forms

SAMPLES: Final[dict[str, dict[str, Any]]] = {
    "ja": {
        "title": "部品の一覧",
        "kind_label": "どのようなことが起きましたか",
        "kind_hint": "いちばん近いものを一つ選んでください。確かでなくてもかまいません。",
        "kinds": {
            "intrusion": ("侵入された", "身に覚えのないログイン、書き換えられたページなど"),
            "malware": ("マルウェア、ランサムウェア", ""),
            "other": ("そのほか", ""),
        },
        "share_label": "誰に伝えてよいですか",
        "share_hint": "選ばなければ、誰にも伝えません。",
        "shares": {
            "site": ("関係するサイトの管理者", "ログとIPアドレスだけを伝えます。お名前は伝えません。"),
            "police": ("警察", ""),
        },
        "what_label": "起きたことを教えてください",
        "what_hint": "気づいたきっかけと、その後に行ったことも書いてください。",
        "what": "昨夜から、社内のファイルサーバーのファイルが開けません。",
        "long": "https://evil.example/とても長い文字列" + "あ" * 60,
        "name_label": "お名前",
        "name": "佐藤 一郎",
        "day_label": "日付",
        "hour_label": "時刻",
        "zone_label": "タイムゾーン",
        "when_label": "いつ起きましたか",
        "when_hint": "おおよそでかまいません。",
        "attached_label": "ファイルを添える",
        "required": "入力してください。",
        "file_name": "画面の写真（2026年11月25日）.png",
        "subject": "お問い合わせの件",
        "letter": "ご報告ありがとうございます。\n調べたところ、次のことが分かりました。",
        "notice_title": "ご注意ください",
        "notice_text": "この件を、攻撃者に読まれているおそれのあるメールアドレスから送らないでください。",
        "done": "報告を受け付けました",
        "reference_label": "受付番号",
        "fold": "ログの取り出し方",
        "empty": "まだ何もありません。",
    },
    "en": {
        "title": "Gallery",
        "kind_label": "What happened?",
        "kind_hint": "Choose what comes closest. You need not be sure.",
        "kinds": {
            "intrusion": ("Somebody got in", "Sign-ins you did not make, a page that was changed"),
            "malware": ("Malware or ransomware", ""),
            "other": ("Something else", ""),
        },
        "share_label": "Whom may we tell?",
        "share_hint": "If you tick nothing, we tell nobody.",
        "shares": {
            "site": (
                "The administrators of the site concerned",
                "They learn log lines and addresses, not your name.",
            ),
            "police": ("The police", ""),
        },
        "what_label": "Tell us what happened",
        "what_hint": "How you noticed it, and what you did since.",
        "what": "Since last night the files on our file server do not open.",
        "long": "https://evil.example/a-very-long-word-" + "x" * 90,
        "name_label": "Your name",
        "name": "Ichiro Sato",
        "day_label": "Day",
        "hour_label": "Time",
        "zone_label": "Time zone",
        "when_label": "When did it happen?",
        "when_hint": "Roughly is enough.",
        "attached_label": "Add files",
        "required": "Please fill this in.",
        "file_name": "a picture of the screen, taken on 25 November 2026.png",
        "subject": "About your report",
        "letter": "Thank you for your report.\nThis is what we found.",
        "notice_title": "Mind this",
        "notice_text": "Do not write about it from a mailbox that the attacker may be reading.",
        "done": "We have your report",
        "reference_label": "Your reference number",
        "fold": "How to get at the log",
        "empty": "Nothing is here yet.",
    },
}
ZONES: Final = ("Asia/Tokyo", "UTC", "Europe/Berlin")


class SampleForm(forms.Form):
    """One control of each kind, labelled in the language of `words`."""

    kind = forms.ChoiceField(widget=forms.RadioSelect)
    share = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, required=False)
    what = forms.CharField(widget=forms.Textarea(attrs={"rows": 4}))
    name = forms.CharField(required=False)
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), required=False)
    hour = forms.TimeField(widget=forms.TimeInput(attrs={"type": "time"}), required=False)
    zone = forms.ChoiceField(choices=[(zone, zone) for zone in ZONES], required=False)
    attached = forms.FileField(required=False)

    def __init__(self, words: dict[str, Any], data: dict[str, str] | None = None, **given: Any) -> None:
        super().__init__(data, **given)
        for name, field in self.fields.items():
            field.label = words[f"{name}_label"]
            field.help_text = words.get(f"{name}_hint", "")
            field.error_messages["required"] = words["required"]
        for name, choices in (("kind", words["kinds"]), ("share", words["shares"])):
            field = self.fields[name]
            field.choices = [(value, label) for value, (label, _) in choices.items()]  # type: ignore[attr-defined]
            field.hints = {value: hint for value, (_, hint) in choices.items() if hint}  # type: ignore[attr-defined]
