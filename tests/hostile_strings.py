"""Three hundred strings of our own that careless programs trip over: for every field, name and page.

Each is a text that a browser can send in a form: no lone surrogates, which no UTF-8 holds, and lines ended by LF.
"""

MARKUP = (
    "<script>alert(1)</script>", "<ScRiPt>alert`1`</sCrIpT>", "</textarea><script>alert(2)</script>",
    "</title><svg onload=alert(3)>", "<img src=x onerror=alert(4)>", "<body onload=alert(5)>", "<iframe src=//evil.example>",
    "<a href=javascript:alert(6)>x</a>", '"><script>alert(7)</script>', "'><script>alert(8)</script>",
    '" autofocus onfocus=alert(9) x="', "' onmouseover='alert(10)", "`onclick=alert(11)", "<!--<script>alert(12)//-->",
    "<![CDATA[<script>alert(13)</script>]]>", "<style>*{display:none}</style>", "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content=0;url=//evil.example>", "<base href=//evil.example/>", "<form action=//evil.example><input name=csrfmiddlewaretoken>",
    "<button name=remove value=all>", "<details open ontoggle=alert(14)>", "<math><mi xlink:href=data:x,1>", "<template><script>1</script></template>",
    "<object data=data:text/html,x>", "<embed src=//evil.example>", "<video><source onerror=alert(15)>", "<input value=x type=image src=x onerror=alert(16)>",
    "<plaintext>", "<xmp>", '<noscript><p title="</noscript><img src=x onerror=alert(17)>">', "</p></div></main></body></html>",
    "<svg><script>alert&#40;18)</script>", "<svg/onload=alert(19)>", "<<script>alert(20);//<</script>", "&lt;script&gt;alert(21)&lt;/script&gt;",
    "&#60;script&#62;", "&amp;amp;", "&nbsp;", "&#0;", "&#x202e;", "&notanentity;", "<b", "<", ">", "a<b>c", "<?php echo 1 ?>", "<%= 1 %>",
    '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>', "<x:include href='file:///etc/passwd'/>", "<bdi dir=rtl>", "<marquee>", "<blink>x</blink>",
)  # fmt: skip

TEMPLATES = (
    "{{7*7}}", "{{ settings.SECRET_KEY }}", "{% load i18n %}{% csrf_token %}", "{% include 'lib/base.html' %}", "{# comment #}", "{%", "{{", "}}",
    "%s%s%s%n", "%(name)s", "%d %x %p", "{0}", "{name.__class__}", "{}", "${7*7}", "#{7*7}", "$(id)", "`id`", "<#assign x=1>", "@{7*7}", "*{7*7}",
    "[[${7*7}]]", "%{7*7}", "{{constructor.constructor('alert(1)')()}}", "{{'a'.__class__.__mro__}}", "{%raw%}{%endraw%}", "\\N{BULLET}", "\\u003cscript\\u003e",
)  # fmt: skip

DATABASES = (
    "'; DROP TABLE intake_draft; --", "' OR '1'='1", '" OR ""="', "1; SELECT pg_sleep(9)", "admin'--", "') UNION SELECT NULL--", "1' AND SLEEP(5)#",
    "\\'; --", "%' ESCAPE '!'", "_%_%", "NULL", "null", "None", "nil", "undefined", "NaN", "Infinity", "-Infinity", "true", "false", "0", "-0", "-1", "1e309",
    "00", "0x10", "1,000", "１２３", "٣", "9223372036854775808", '{"$ne": null}', "[]", "{}", "[[[[[[[[", "' || '", "*", "COPY x TO PROGRAM 'id'",
)  # fmt: skip

HEADERS = (
    "a\nBcc: everybody@evil.example", "a\n\n<script>alert(1)</script>", "Subject: forged", "From: root@csirt.example", "\nReply-To: a@evil.example\n",
    "--_=part=_", "--_=part=_--", "\n--_=part=_\nContent-Type: text/html\n\nx", "Content-Type: text/html", "MIME-Version: 1.0", ".\n", "\n.\n", "\n.\nMAIL FROM:<a@b>",
    "=?utf-8?b?PHNjcmlwdD4=?=", "=?utf-8?q?=0D=0ABcc:_x@evil.example?=", "=?x?", "?=", "%0d%0aSet-Cookie: a=b", "%0AX-Evil: 1", "\\r\\nX-Evil: 1",
    "a\u2028Bcc: x@evil.example", "a\u0085Bcc: x@evil.example", "a\x0bX: y", "a\x0cX: y", "> quoted\n> more", "-----Original Message-----", "-- \nsignature",
    "On Monday you wrote:", "From the beginning", ">From here", "begin 644 x.exe", "-----BEGIN PGP MESSAGE-----", "EXAMPLE#12345678", "Re: Re: Fwd: [SPAM]",
    "multipart/mixed; boundary=x", "filename*=utf-8''x", 'name="x"; filename="y"', "a; b=c", "a,b", "a@b, c@d", "<a@b>", '"a" <b@c>', "(comment)",
)  # fmt: skip

UNSEEN = (
    "\0", "a\0b", "\x01\x02\x03\x04", "\x07bell", "\x08\x08\x08back", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b$B%F%9%H\x1b(B", "\x1b(I6", "\x0e$@\x0f",
    "\x7f", "\x80\x9f", "\xad\xad", "a\u200bb", "\u200b" * 30, "\u200e\u200f", "\u202egpj.exe", "\u202aa\u202bb\u202cc", "\u2066a\u2069", "\u2067" * 40, "\ufeffbom",
    "bom\ufeff", "\ufff9a\ufffab\ufffb", "\ufffc", "\ufffd", "\U000e0041\U000e0042", "\U000e0101", "a\ufe0f", "\u115f\u1160", "\u3164", "\u2800", "\u180e",
    "\u034f", "\u061c", "\u2060\u2061\u2062", "\xa0", "\u3000", "\u2003x\u2003", "\u1680", "\t", "\ttab\t", " ", "  two  spaces  ", "\n", "\n\n\n", "a\n", "\na", "a\n\n\nb",
    "\ue000\uf8ff", "\U00100000", "\uffff", "\U0001ffff", "\U0010ffff",
)  # fmt: skip

LETTERS = (
    "田中さんにあげて下さい", "①②③㈱㍻髙﨑", "ｱｲｳｴｵ", "ソ能表十予", "～〜−－—―", "葛󠄀城", "が", "が", "é", "é", "Å", "ﬁ", "ﷺ", "İıſKÅ", "ßẞ", "ǅ", "Σς", "שָׁלוֹם", "مُنَاقَشَةُ", "ﷲ",
    "A\u0300\u0301\u0302" + "\u0316" * 40, "Z̸̡͓a͜l͟g͠o͡", "ก็็็็็็็็", "🇯🇵", "👩‍👩‍👧‍👦", "👍🏿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "𠮷野家", "𝕳𝖊𝖑𝖑𝖔", "ᚠᛇᚻ", "汉语漢語", "한국어", "ᄒᆞᆫ", "नमस्ते", "Ω≈ç√∫", "¯\\_(ツ)_/¯", "″‵‶", "аdmin", "раypal.example",
    "example。jp", "例え.テスト", "xn--r8jz45g.example", "½⅓", "１", "Ａ＝＜script＞", "﹤script﹥", "‹›«»", "\u2215\u2044", "𐍈", "💩" * 100, "長" * 300, "a" * 400, "a " * 200, "\U0001f600" * 10,
)  # fmt: skip

PLACES = (
    "../../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/shadow", "C:\\CON", "NUL", "aux.txt", "file:///etc/passwd", "\\\\server\\share", "~root", "-rf", "--help",
    ".htaccess", "..", ".", "a/b/c", "con.log", "x.php;.jpg", "x.jpg.exe", "x.svg", "a:b", "a|b", "a?b", "a*b", "$HOME", "http://evil.example/?q=1#x", "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>", "hxxps[:]//evil[.]example", "//evil.example", "http://user:pw@evil.example:99/", "http://[::1]/", "ftp://évil.example",
    "mailto:x@evil.example", "=1+1", '=HYPERLINK("http://evil.example")', "@SUM(1)", "+1", "-1+1", "|calc", '"quoted"', "'single'", "\\", "\\\\", "%", "%%", "%00", "%2e%2e%2f",
)  # fmt: skip

STRINGS = tuple(dict.fromkeys((*MARKUP, *TEMPLATES, *DATABASES, *HEADERS, *UNSEEN, *LETTERS, *PLACES)))
