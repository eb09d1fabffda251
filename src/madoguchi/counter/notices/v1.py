"""Version 1 of the privacy notice. It is in use: a change is a new version."""

from datetime import date
from typing import Final

from madoguchi.counter.notices.notice import Notice
from madoguchi.counter.prose import Section, Where

ENGLISH: Final = (
    Section(
        "who",
        "Who is responsible",
        (
            "{centre} receives your report and is responsible for what becomes of it.",
            Where("responsible", "{responsible}"),
            "Write to us at {address}.",
        ),
    ),
    Section(
        "what",
        "What we take",
        (
            (
                "What you write in the form or in a mail, and the files that you add.",
                "Your name and address, if you give them. You need not: a report can be anonymous.",
                "Of a mail also what every mail carries: its header fields, the machine that handed it to us, and the time.",
                "The version of this notice that you saw.",
            ),
            "For an anonymous report we store and log neither the address of your computer nor what browser you use, and of the time only the hour.",
            "Cookies: one remembers your language for a year. One holds your place in the form, and ends after 24 hours; one shows us that what you send comes from our own page, and ends with your browser; one keeps your private page open for a short time. None follows you elsewhere.",
            "Against floods, our servers hold a keyed trace of the networks that requests come from in memory for up to an hour. It is not stored, and not joined to your report.",
        ),
    ),
    Section(
        "purpose",
        "What for",
        (
            (
                "to understand your report, to answer it and to keep you informed",
                "to ask the site concerned for help, if you wish it, with what you allow us to pass on",
                "to recognise incidents that belong together, and to warn others without naming anybody",
                "to count incidents for statistics from which no single one can be told",
            ),
            "We use it for nothing else. We sell nothing, show no advertisements, and let no machine decide about you.",
        ),
    ),
    Section(
        "ground",
        "On what ground",
        (
            "Under Japan's Act on the Protection of Personal Information we use personal information for the purposes above only, and give it to others only with your consent, unless a law obliges us.",
            "Under the GDPR the ground is our legitimate interest, and that of everybody on the network, in its security (article 6(1)(f), recital 49); for a public body it is its task in the public interest (article 6(1)(e)). What you allow us to pass on rests on your consent (article 6(1)(a)). You can withdraw it at any time; what was passed on before cannot be called back.",
            "You are not obliged to tell us anything. Without a contact we cannot ask you back; without details we may not be able to help.",
        ),
    ),
    Section(
        "seen",
        "Who sees it",
        (
            "Our staff only; each time that somebody opens it is recorded. It is stored encrypted.",
            "Nobody outside learns what you told us, or that you told us, unless you agreed to it beforehand or a law obliges us. If you ask us to contact a site abroad, what you allow goes to that country.",
            "Companies that run machines for us do so under contract, and may use nothing of it.",
        ),
    ),
    Section(
        "long",
        "How long",
        (
            Where(
                "kept_for",
                "We keep a report as long as we need it for the purposes above, and no longer than {kept_for} after its last mail.",
                "We keep a report as long as we need it for the purposes above. You can ask us to erase it earlier.",
            ),
            "Each report is encrypted under a key of its own. To erase it is to destroy that key: copies in backups can then no longer be read once the backups of keys have run out. Counts in published statistics stay; they hold nothing about you.",
        ),
    ),
    Section(
        "rights",
        "What you can ask of us",
        (
            (
                "to see everything that we hold about you, and to have a copy of it",
                "to have it corrected or completed",
                "to have it erased, or no longer used; to object to its use",
                "to withdraw your consent to pass something on",
            ),
            "Write to {address} with your reference number, from the address that you reported from, or use your private page. It costs nothing. We answer without delay, at the latest within one month. Where we cannot tell that a report is yours, we tell nothing about it: this protects you too.",
            "You can also complain to the authority: in Japan the Personal Information Protection Commission, in the EU the data protection authority of your country.",
        ),
    ),
)

JAPANESE: Final = (
    Section(
        "who",
        "取り扱う者",
        (
            "{centre}が報告を受け取り、その取り扱いに責任を負います。",
            Where("responsible", "{responsible}"),
            "連絡先は {address} です。",
        ),
    ),
    Section(
        "what",
        "取得するもの",
        (
            (
                "フォームやメールに書かれた内容と、添えられたファイル。",
                "お名前と連絡先。書かなくてもかまいません。匿名で報告できます。",
                "メールの場合は、どのメールにも付くもの。ヘッダー、当窓口に届けたサーバー、時刻です。",
                "ご覧になったこのお知らせの版。",
            ),
            "匿名の報告では、お使いのコンピューターのアドレスも、ブラウザーの種類も、保存も記録もしません。時刻は「何時台」までしか残しません。",
            "クッキーについて。選んだ言語を1年間覚えるもの、フォームの途中の場所を示し24時間で終わるもの、送られた内容が当窓口のページからのものだと確かめ、ブラウザーを閉じると終わるもの、専用ページを短い時間だけ開いておくものがあります。ほかのサイトであなたを追うものはありません。",
            "大量の送信に備えて、アクセス元のネットワークを、鍵をかけた形で最長1時間メモリーに置きます。保存はせず、報告とも結び付けません。",
        ),
    ),
    Section(
        "purpose",
        "利用の目的",
        (
            (
                "報告を理解し、回答し、その後をお知らせするため",
                "ご希望があるとき、お許しいただいた範囲で、関係するサイトに対応を依頼するため",
                "関連するインシデントを見つけ、誰のことかを明かさずに注意を呼びかけるため",
                "個々の件が分からない形で、インシデントの統計を作るため",
            ),
            "これ以外には使いません。販売も広告もせず、あなたについての判断を機械に任せることもありません。",
        ),
    ),
    Section(
        "ground",
        "取り扱いの根拠",
        (
            "日本の個人情報保護法に基づき、個人情報は上の目的にだけ使います。法令に定めがある場合を除き、同意なく第三者に渡しません。",
            "GDPRの適用があるときの根拠は、ネットワークの安全という、当窓口と利用者全体の正当な利益です（第6条1項(f)、前文49）。公的機関では、公共の利益のための任務です（同(e)）。第三者に伝えてよいとされた事柄は、あなたの同意に基づきます（同(a)）。同意はいつでも取り消せますが、すでに伝えたものは取り戻せません。",
            "お話しいただく義務はありません。ただし、連絡先がないとこちらからお尋ねできず、詳しい内容がないとお役に立てないことがあります。",
        ),
    ),
    Section(
        "seen",
        "見ることができる人",
        (
            "担当者だけが開くことができ、開くたびに記録が残ります。報告は暗号化して保管します。",
            "法令に定めがある場合を除き、前もって同意をいただかない限り、報告の内容も、報告があったことも、外部の誰にも伝えません。海外のサイトへの連絡を希望されたときは、お許しいただいた内容がその国に伝わります。",
            "機器の運用を委託する事業者とは契約を結び、内容を利用させません。",
        ),
    ),
    Section(
        "long",
        "保管する期間",
        (
            Where(
                "kept_for",
                "報告は、上の目的に必要な間だけ保管します。長くても、最後のメールから{kept_for}を超えません。",
                "報告は、上の目的に必要な間だけ保管します。それより前に消去を求めることもできます。",
            ),
            "報告は一件ごとに別の鍵で暗号化しています。消去とは、その鍵を破棄することです。鍵のバックアップの期限が過ぎれば、バックアップの中の写しも読めなくなります。公表した統計の件数は残りますが、あなたに関する情報は含みません。",
        ),
    ),
    Section(
        "rights",
        "求めることができること",
        (
            (
                "あなたについて保管しているものをすべて見ること、その写しを受け取ること",
                "訂正や追加",
                "消去、利用の停止、利用への異議",
                "第三者に伝えることへの同意の取り消し",
            ),
            "受付番号を添えて、報告に使ったメールアドレスから {address} にご連絡いただくか、専用ページをお使いください。費用はかかりません。遅滞なく、遅くとも1か月以内に回答します。あなたの報告であることを確かめられないときは、何もお伝えしません。これはあなたを守るためでもあります。",
            "監督機関に苦情を申し立てることもできます。日本では個人情報保護委員会、EUではお住まいの国のデータ保護機関です。",
        ),
    ),
)

NOTICE: Final = Notice("1", date(2026, 11, 25), {"ja": JAPANESE, "en": ENGLISH})
