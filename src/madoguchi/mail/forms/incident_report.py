"""The form for reporting an incident, as data."""

from madoguchi.mail.forms.declaration import Choice, Field, Form, Section, Words

KINDS = (
    Choice("intrusion", Words("不正侵入、乗っ取り", "Somebody broke in, or took over an account")),
    Choice(
        "malware", Words("ウイルスなどのマルウェア、ランサムウェア", "Malware, such as a virus or ransomware")
    ),
    Choice(
        "phishing", Words("フィッシング、偽サイト、偽メール", "Phishing: a false site or a false message")
    ),
    Choice(
        "denial", Words("サービス妨害（DoS、DDoS）", "An attack that makes a service unusable (DoS, DDoS)")
    ),
    Choice("scan", Words("不審なアクセス、スキャン、ログインの試行", "Scans, probes or attempts to sign in")),
    Choice("leak", Words("情報の漏えい、公開", "Information that leaked or was published")),
    Choice("other", Words("その他、わからない", "Something else, or I do not know")),
)

WHAT = Section(
    "what",
    Words("何が起きましたか", "What happened?"),
    Words("何が起きたかで、お手伝いの内容が変わります。", "What we can do for you depends on what happened."),
    (
        Field(
            "kind",
            "one",
            Words("起きたことの種類", "Kind of incident"),
            Words(
                "いちばん近いものを1つ選んでください。迷ったら「その他、わからない」で構いません。",
                "Choose what comes closest. If in doubt, “something else” is fine.",
            ),
            KINDS,
            required=True,
        ),
        Field(
            "what",
            "text",
            Words("起きたこと", "What happened, in your own words"),
            Words(
                "どのように気づき、いまどうなっているかを、ご自分の言葉でお書きください。ログの該当する行は、そのまま貼り付けられます。",
                "How did you notice it, and how do things stand now? You can paste the lines of a log as they are.",
            ),
            required=True,
            role="description",
        ),
    ),
)

WHEN = Section(
    "when",
    Words("いつ起きましたか", "When did it happen?"),
    Words(
        "ログの記録と突き合わせるために使います。わからなければ空欄で構いません。",
        "We compare it with the records of logs. If you do not know, leave it empty.",
    ),
    (
        Field(
            "when",
            "line",
            Words("日時", "Date and time"),
            Words(
                "例：11月24日 22時ごろから今朝まで。おおよそで構いません。",
                "For example: 24 November, from about 22:00 until this morning. A rough time is fine.",
            ),
        ),
        Field(
            "zone",
            "one",
            Words("その日時のタイムゾーン", "Time zone of that time"),
            choices=(
                Choice("Asia/Tokyo", Words("日本時間（UTC+9）", "Japan (UTC+9)")),
                Choice("UTC", Words("協定世界時（UTC）", "UTC")),
                Choice(
                    "other", Words("その他（日時の欄に書きました）", "Another, which I wrote beside the time")
                ),
                Choice("unknown", Words("わからない", "I do not know")),
            ),
            default="Asia/Tokyo",
        ),
    ),
)

SYSTEMS = Section(
    "systems",
    Words("どのシステムですか", "Which systems?"),
    Words(
        "IPアドレス、ホスト名、URLなどがわかると、関係先を探せます。",
        "With IP addresses, host names or URLs we can find out whom it concerns.",
    ),
    (
        Field(
            "systems",
            "text",
            Words("被害を受けた側", "The systems that were hit"),
            Words(
                "1行に1つずつ。使っている機器やソフトウェアの名前も役に立ちます。",
                "One on each line. The names of devices or software help too.",
            ),
            role="observable",
        ),
        Field(
            "others",
            "text",
            Words("相手側", "The other side"),
            Words(
                "攻撃元のIPアドレス、偽サイトのURL、不審なメールの送信元など。",
                "Where it came from: IP addresses, the URL of a false site, the sender of a message.",
            ),
            role="observable",
        ),
    ),
)

WISH = Section(
    "wish",
    Words("ご希望は何ですか", "What would you like us to do?"),
    Words(
        "選ばれなければ、情報提供として受け取ります。",
        "If you choose nothing, we take it that you want to inform us.",
    ),
    (
        Field(
            "wish",
            "several",
            Words("ご希望", "Your wishes"),
            Words("あてはまるものをすべて選んでください。", "Choose all that apply."),
            (
                Choice("information", Words("情報を提供したい", "I want to inform you")),
                Choice("question", Words("質問がある、相談したい", "I have a question")),
                Choice(
                    "contact-site",
                    Words("関係するサイトに連絡してほしい", "Please contact the site concerned"),
                    Words(
                        "連絡は任意のお願いとして行います。対応を約束できるものではありません。",
                        "We can ask a site to act. We can force nobody, and cannot promise a result.",
                    ),
                ),
            ),
            empty=Words("情報提供として受け取ります", "We take it as information"),
        ),
    ),
)

SHARE = Section(
    "share",
    Words("誰に知らせてよいですか", "Who may learn of it?"),
    Words(
        "選ばれた相手以外には、報告の内容を伝えません。いつでも取り消せますが、伝えたあとの内容を取り戻すことはできません。",
        "We tell nobody else what you reported. You can change your mind at any time; what was told cannot be taken back.",
    ),
    (
        Field(
            "share",
            "several",
            Words("報告の内容を知らせてよい相手", "Who may be told what you report"),
            Words(
                "何も選ばなければ、誰にも知らせません。お名前と連絡先は、どれを選んでも知らせません。",
                "If you choose nothing, nobody is told. Your name and contact address are never told, whatever you choose.",
            ),
            (
                Choice(
                    "site",
                    Words("関係するサイトの管理者", "Those who run the site concerned"),
                    Words(
                        "対応に必要なこと（日時、アドレス、ログの該当行）だけを知らせます。",
                        "Only what they need to act: times, addresses, the lines of the log.",
                    ),
                ),
                Choice(
                    "csirts",
                    Words("国内外の他のCSIRT", "Other CSIRTs, in Japan and abroad"),
                    Words(
                        "同じ攻撃への対応を助け合うために知らせます。",
                        "So that we can help each other against the same attack.",
                    ),
                ),
                Choice(
                    "police",
                    Words("警察", "The police"),
                    Words(
                        "被害の届け出の代わりにはなりません。",
                        "This does not replace a complaint of your own.",
                    ),
                ),
                Choice(
                    "vendor",
                    Words("製品の開発元、サービスの提供元", "The maker of the product or service"),
                    Words("欠陥を直してもらうために知らせます。", "So that they can mend a fault."),
                ),
                Choice(
                    "public",
                    Words("一般の方々（注意喚起）", "The public, in a warning"),
                    Words(
                        "誰の報告かわからない形で、手口だけを知らせます。",
                        "Only how it was done, in a form that does not show who reported it.",
                    ),
                ),
            ),
            role="consent",
            empty=Words("誰にも知らせません", "Nobody is told"),
        ),
    ),
)

CONTACT = Section(
    "contact",
    Words("ご連絡先", "May we write to you?"),
    Words(
        "匿名でも、同じように受け付けます。",
        "A report without a name is taken just as seriously.",
    ),
    (
        Field(
            "contact",
            "one",
            Words("ご連絡の方法", "How to reach you"),
            choices=(
                Choice(
                    "anonymous",
                    Words("匿名で報告する", "Report without a name"),
                    Words(
                        "お名前もアドレスも伺いません。接続元と正確な時刻も記録しません。回答は、最後にお渡しする「控えの番号」を使って、専用ページで読めます。",
                        "We ask for no name and no address, and keep neither where you connected from nor the exact time. You read our answers on a private page, with the receipt that you get at the end.",
                    ),
                ),
                Choice(
                    "contact",
                    Words("メールで連絡を受ける", "Hear from us by e-mail"),
                    Words(
                        "「受付のお知らせ」をお送りします。それ以外の連絡は、そのメールでアドレスを確認していただいてからです。専用ページも使えます。",
                        "We send an acknowledgement. Anything more we write only after you have confirmed the address from that mail. You can use the private page as well.",
                    ),
                ),
            ),
            required=True,
            role="contact",
        ),
        Field(
            "name",
            "line",
            Words("お名前、組織名", "Your name or organisation"),
            Words("メールで連絡を受ける場合のみ。", "Only if you want to hear from us by e-mail."),
            role="name",
        ),
        Field(
            "address",
            "line",
            Words("メールアドレス", "E-mail address"),
            Words(
                "メールで連絡を受ける場合のみ。攻撃者に読まれているおそれのある受信箱は避けてください。",
                "Only if you want to hear from us by e-mail. Choose a mailbox that the attacker cannot read.",
            ),
            role="address",
        ),
    ),
)

INCIDENT_REPORT = Form(
    "incident-report",
    1,
    Words("インシデントの報告", "Incident report"),
    (WHAT, WHEN, SYSTEMS, WISH, SHARE, CONTACT),
)
