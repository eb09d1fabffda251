"""The characters that make up everyday text, by writing: what the contest of charsets counts.

Each set holds what is frequent in ordinary prose, never the whole repertoire: a text read with the wrong
table turns into characters that exist but that nobody writes.
"""

import re
from dataclasses import dataclass


def _span(first: str, last: str) -> str:
    return "".join(map(chr, range(ord(first), ord(last) + 1)))


_WIDE_SIGNS = "、。，．・：；？！「」『』（）［］【】〈〉《》〔〕“”‘’…‥ー～〜　￥％＆＋－＝＊＃＠／○●◎□■△▲▽▼☆★※→←↑↓〒々〆"
_WIDE_ASCII = _span("０", "９") + _span("Ａ", "Ｚ") + _span("ａ", "ｚ")
_BOX = _span("─", "╋")

_KANJI = (
    "日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員九入選立開手米"
    "力学問高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法不来作性的要用制治度務強気小七成期公野協取都"
    "和統以機平総加山思家話世受区領多県続進正安設保改数記院女初北午指権心界支第産結百派点教報済書府活原先共得解名交資予川向際査"
    "勝面委告軍文反元重近千考判認画海参売利組知案道信策集在件団別物側任引使求所次水半品昨論計死官増係感特情投示変打男基私各始島"
    "直両朝革価式確村提運終挙果西勢減台広容必応演電歳住争談能無再位置企真流格有疑口過局少放税検藤町常校料沢裁状工建語球営空職証"
    "土与急止送援供可役構木割聞身費付施切由説転食比難防補車優夫研収断井何南石足違消境神番規術護展態導鮮備宅害配副算視条幹独警宮"
    "致被害攻撃侵入脆弱窓件名御中貴社様願申訳添付存知株式会社担当連絡報告受信送信者返信転送対応確認了承下記通詳細調査不審接続遮断管"
    "理端末感染削除停止復旧流出漏洩詐欺偽装口座番号暗証登録更新期限利用者規約拝啓敬具恐縮世話旨件迷惑執筆該項類例版仕様現象程殿誠"
    "佐藤鈴木高橋渡辺邊邉伊林加吉斎齋齊井清坂岡石村松竹沢澤櫻廣德髙﨑濵嶋島崎浜藤森池阿部健太郎美智恵裕浩洋彦雄"  # names
)
_SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么"
    "去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又"
    "关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海"
    "通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管"
    "期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程"
    "您请谢邮箱网络您好附件发送回复联系服务地址帐号密码登录系统安全攻击漏洞举报处理"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼"
    "去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又"
    "關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西月話合回特代內信表化老給世位次度門任常先海通"
    "教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市"
    "直資命山金指許統區保至隊形社便空決治展科司五基眼書非則聽白卻界達光放強即像難且權思您請謝郵箱網路您好附件寄送回覆聯繫服務帳號密碼"
)
_HANGUL = (
    "이다에의는을가하고지로한도사기아은리어나를대서인자시정해들일그과부수보제니있원구장상주전게성여동유만조세안라스경신면방적무공위생"
    "요관용년소계오개연중미와치문화선우실학음교마비업명것으도모결록내였트드금민관간련없었합습니까십세녕감님께메일침해사고신고답장첨부"
)


@dataclass(frozen=True, slots=True)
class Writing:
    """What texts of one writing are made of: `main` counts whole, `minor` half, all else nothing."""

    main: frozenset[str]
    minor: frozenset[str] = frozenset()
    alphabet: bool = False


def _level_one(codec: str, leads: range) -> frozenset[str]:
    """The rows that a double-byte standard gives to its more frequent characters."""
    cells = (bytes((lead, cell)) for lead in leads for cell in range(0xA1, 0xFF))
    return frozenset("".join(pair.decode(codec, "ignore") for pair in cells))


_PUNCTUATION = "«»“”„‘’–—…•€£°§©®\xa0"

JAPANESE = Writing(
    frozenset(_span("ぁ", "ん") + _span("ァ", "ヶ") + _WIDE_SIGNS + _WIDE_ASCII + _BOX + _KANJI),
    _level_one("euc_jp", range(0xB0, 0xD0)) | frozenset(_span("｡", "ﾟ")),
)
SIMPLIFIED = Writing(
    frozenset(_SIMPLIFIED + _WIDE_SIGNS + _WIDE_ASCII) - frozenset("・ー々〒"),
    _level_one("gb2312", range(0xB0, 0xD8)),
)
TRADITIONAL = Writing(
    frozenset(_TRADITIONAL + _WIDE_SIGNS + _WIDE_ASCII) - frozenset("・ー々〒"),
    _level_one("big5", range(0xA4, 0xC7)),
)
KOREAN = Writing(frozenset(_HANGUL + "“”‘’…·「」"), _level_one("euc_kr", range(0xB0, 0xC9)))
CYRILLIC = Writing(
    frozenset("оеаинтсрвлкмдпуяыьзбгчйхі—№" + _PUNCTUATION),
    frozenset("жшюцщэфъёяєїґАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЭЮЯІЁЄЇ"),
    alphabet=True,
)
WESTERN = Writing(
    frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüß" + _PUNCTUATION),
    frozenset("œÿÀÁÂÄÅÆÇÈÉÊËÍÑÓÔÖØÚÜŒ¿¡ºª´·™"),
    alphabet=True,
)
CENTRAL = Writing(
    frozenset("ąćęłńóśźżáčďéěíňřšťúůýžőűöüäßâîăşţ" + _PUNCTUATION),
    frozenset("ĄĆĘŁŃÓŚŹŻÁČÉŘŠÚŽŐÖÜ"),
    alphabet=True,
)
TURKISH = Writing(frozenset("çğıöşüâîû" + _PUNCTUATION), frozenset("ÇĞİÖŞÜ"), alphabet=True)
BALTIC = Writing(frozenset("āčēģīķļņšūžąęėįųõäöü" + _PUNCTUATION), frozenset("ĀČĒĪŠŪŽ"), alphabet=True)
GREEK = Writing(
    frozenset(_span("α", "ω") + "άέήίόύώ" + _PUNCTUATION), frozenset(_span("Α", "Ω") + "ϊϋΆΈ"), alphabet=True
)
HEBREW = Writing(frozenset(_span("א", "ת") + "״׳₪" + _PUNCTUATION), alphabet=True)
ARABIC = Writing(
    frozenset(_span("ء", "غ") + _span("ـ", "ي") + "،؛؟" + _PUNCTUATION), frozenset("پچژگ"), alphabet=True
)
VIETNAMESE = Writing(
    frozenset("ăâđêôơưàáèéìíòóùúýãõ\u0300\u0301\u0303\u0309\u0323" + _PUNCTUATION),
    frozenset("ĂÂĐÊÔƠƯ"),
    alphabet=True,
)

ANY = Writing(frozenset())
"""Stands for "well-formed is proof enough": UTF-8."""

ANY_WIDE = Writing(
    frozenset().union(*(one.main for one in (JAPANESE, KOREAN, SIMPLIFIED, CYRILLIC, WESTERN)))
)

NEVER = frozenset("\ufffd" + _span("\x80", "\x9f") + _span("\ue000", "\uf8ff"))
"""What no text holds: the mark of a misfit, the C1 controls, private use."""

SWALLOWED = re.compile(r"[A-Za-z][\u3400-\u9fff\uac00-\ud7a3](?=[\x20-\x7e])")
"""One ideograph alone behind a Latin letter: an accent or apostrophe (`wasn\x92t`) that took the next letter along."""

MISPLACED = re.compile(
    r"[A-Za-z][\u0370-\u06ff]|[\u0370-\u06ff][A-Za-z]"  # two alphabets in one word
    r"|[а-яёα-ω][А-ЯЁΑ-Ω]|[А-ЯЁ]{2}[а-яё]"  # small before capital: KOI8-R read as windows-1251 swaps them
    r"|[a-zà-öø-ÿąćęłńśźżčďěňřšťůžőű][À-ÖØ-ÞĄĆĘŁŃŚŹŻČĎĚŇŘŠŤŮŽŐ]|[à-öø-ÿąćęłńśźżčďěňřšťůžőű][A-Z]"
    r"|[À-ÖØ-öø-ÿ]{3}"  # accents in a row
)
