"""What is the name of a person, and what of a paper or an office: as by-lines write them, in Chinese and English."""

import re

from publisher.domain.article import columns
from publisher.sources.pages import signed
from publisher.sources.pages.page import halfwidth

LONGEST_NAME = 40
"""In columns."""

_SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
    "酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞"
    "熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓"
    "郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁"
    "仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰"
    "郦雍璩桑桂濮牛寿通边扈燕冀浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚"
    "越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公仉督岳帅缑亢况郈有琴商牟佘佴伯赏墨哈"
    "谯笪年爱阳佟言福禤肖闫付代邸祖涂覃麦区仝苑税揭原揣晋楚佀侍"
    "趙錢孫馮陳衛蔣韓楊許呂張嚴謝鄒竇蘇範魯韋馬鳳費賀湯羅畢鄔樂時傅齊顧黃蕭貝計談龐紀項藍閔賈婁顏鐘駱淩萬盧經繆應單諸鈕榮車侯"
    "寧欒厲劉葉龍黎薄賴喬雙聞黨譚貢勞農溫莊閻連習魚易廖滿國廣東歐師鞏聶簡饒關遊權蓋陽鄭吳鄧龔"
)
_COMPOUND = (
    "欧阳|太史|端木|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|赫连|澹台|皇甫|宗政|濮阳|公冶|太叔|申屠|公孙|慕容|仲孙|钟离"
    "|长孙|宇文|司徒|鲜于|司空|令狐|呼延|歐陽|司馬|諸葛"
)
_PERSON = re.compile(rf"(?:{_COMPOUND})[\u4e00-\u9fff]{{1,2}}|[\u4e00-\u9fff][\u4e00-\u9fff]{{1,2}}")
_FOREIGN = re.compile(r"[\u4e00-\u9fff]{1,8}(?:[·•・][\u4e00-\u9fff]{1,8}){1,3}")
_NOT_PEOPLE = re.compile(
    r"网|報|报|社|新闻|新聞|日报|周刊|杂志|电视|广播|客户端|频道|中心|委员会|政府|公司|集团|记者|编辑|作者|来源|评论|阅读|分享"
    r"|关注|收藏|字号|打印|首页|正文|今日|昨日|时间|日期|发布|原创|广告|登录|注册|视频|图片|专题|要闻|国内|国际|社会|财经|科技"
    r"|娱乐|体育|军事|教育|健康|文化|综合|北京|上海|广州|深圳|转载|举报|点赞|下载|返回|更多|全文|摘要|导语|时政|微信|微博"
)
_OUTLET = re.compile(
    r"(?:网|网站|報|(?<!播)报|社|新闻|新聞|日报|晚报|早报|时报|周刊|周报|月刊|杂志|雜誌|电视台|电台|广播|之声|客户端|频道|财经|科技|资讯|传媒"
    r"|在线|线上|头条|通讯|中心|委员会|委|政府|局|厅|部|办公室|大学|学院|学会|协会|发布|发改委|研究院|研究所|观察|视讯|卫视"
    r"|融媒|日報|時報|晚報|週刊|快讯|早知道|出版社|联社|公号|公众号|中文站|报道|電視台|广电|网友)(?:[-—·(\[].*)?$"
    r"|(?:^|[-—·\s])(?:CCTV|CNN|BBC|CNET|TechWeb|ZDNet|DoNews|IT之家|36氪|虎嗅|钛媒体"
    r"|(?:the )?[\w ]+ (?:news|times|post|daily|press))$"
    r"|新华网|人民网|央视|中新",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"[、,;/&|丨]|\s+(?:and|und|et|y)\s+|(?<=[\u4e00-\u9fff])\s*[和与與]\s*(?=[\u4e00-\u9fff]{2,4}$)", re.IGNORECASE
)
_ROLE = re.compile(
    r"(?:^|(?<=[\s、,;/]))[^\s、,;/]{0,14}?(?:首席|见习|实习|特约|资深|高级|特派|全媒体|融媒体?|文字|摄影|编译)?"
    r"(?:记者|記者|通讯员|通訊員|评论员|实习生|撰稿人|主笔)(?:\s*[:/|]\s*|\s+|(?=[\u4e00-\u9fff]{2,4}(?:$|[\s、,;/])))|^记者$"
)
_LABEL = re.compile(r"^\s*(?:本文|文章)?(?:作者|撰文|撰稿|来源|來源|文|图文|文图)\s*[:/|丨]\s*")
_DUTY = re.compile(
    r"^\S{0,8}(?:报道|报導|報導|報道|供稿|供图|综述|译|编译|整理)$|^(?:综合|摄|文|图|发自\S*)$|(?<=[\u4e00-\u9fff])\s*摄$"
)
_NOT_A_NAME = re.compile(
    r"www\.|@|^\W*$|^\d+$|\d{5}|^[\u4e00-\u9fff]$|匿名|佚名|未知|转载|未经|编辑|点击|关注|^网络$|^互联网$|^(?:本站|本网|原创|综合)$"
    r"|^(?:admin|administrator|editor|unknown|null|undefined|none|author|name|staff|by)$|记者$",
    re.IGNORECASE,
)
_NO_SOURCE = re.compile(
    r"^(?:互联网|网络|网路|本站|本网|本站原创|原创|未知|综合|其他|其它|转载|不详|自媒体|网络整理|本站整理|无|佚名|admin|unknown|null|undefined"
    r"|作者|来源|用户投稿|投稿|网上|百度|网友)$|^\W*$|^\d+$|://|\.html?$",
    re.IGNORECASE,
)
_AFFILIATION = re.compile(
    r"^([\u4e00-\u9fff]{2,3}?)(?=(?:系|为|是)?(?:北京|上海|天津|重庆|广东|江苏|浙江|山东|河南|河北|湖南|湖北|四川|福建|安徽|江西|辽宁|吉林"
    r"|陕西|云南|贵州|广西|海南|中国|中央|中共|国家|全国|清华|复旦|南京|武汉|中山|南开|同济|厦门|人民|中南|华东|华中|华南|西南|西北|东北)\S*"
    r"(?:大学|学院|研究院|研究所|中心|教授|研究员|主任|委员|院长|会长|校长|部|局|委|社)).*$"
)
_MONTH = r"[A-Z][a-z]{2,8}\.?"
_CJK_NAMES = re.compile(r"^[\u4e00-\u9fff·]{2,4}(?:\s+[\u4e00-\u9fff·]{2,4})+$")
_SPACED = re.compile(r"^([\u4e00-\u9fff])\s+([\u4e00-\u9fff])$")
_EDGES = re.compile(r"^[\s:–—|·•.…(\[【-]+|[\s:–—|·•.…)\]】_-]+$")
_BY = re.compile(r"^\s*(?:written\s+|posted\s+|words\s+)?by:?\s+", re.IGNORECASE)
_CJK = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def is_person(text: str) -> bool:
    """Whether a text is a Chinese person's name: a surname that there is and one or two characters, or 艾力·买提."""
    if _FOREIGN.fullmatch(text):
        return True
    named = _PERSON.fullmatch(text) is not None and (text[0] in _SURNAMES or re.match(_COMPOUND, text) is not None)
    return named and not _NOT_PEOPLE.search(text)


def is_outlet(text: str) -> bool:
    """Whether a text is the name of a paper, a site or an office: 新华社, 求是网, 人民日报客户端, 中国地理学会."""
    text = halfwidth(text)
    return columns(text) <= LONGEST_NAME and _OUTLET.search(text) is not None


def names(text: str) -> tuple[str, ...]:
    """The people (or offices) that a text names, each once; `预见大模型`, `Ana Ruiz`, `林小满、陈一`.

    What they are (南都记者, 北京报道) and when they wrote goes.
    """
    if found := names_signed(text):
        return found
    text = _BY.sub("", " ".join(halfwidth(text).split()))
    if "://" in text:
        return ()
    if len(re.findall(r"\d", text)) >= 4:
        # A date or a count stands behind the name: "Dan Goodin - Apr 16, 2015", "Lucas Nolan22 Dec 2016".
        text = re.split(rf"\s+[-–—|·•]\s+|\d|\s+{_MONTH}\s+\d", text, maxsplit=1)[0]
    text = _LABEL.sub("", re.sub(r"(?<=\S)\s*[(\[【][^)\]】]*(?:[)\]】]|$)", "", text))
    text = _ROLE.sub("、", re.sub(r"\s*关注$", "", text))
    parts = [part for piece in _SPLIT.split(text) if piece for part in _cjk_names(piece.strip())]
    kept = [_EDGES.sub("", _DUTY.sub("", _EDGES.sub("", part))) for part in parts]
    kept = [_AFFILIATION.sub(r"\1", name) for name in kept]
    good = [name for name in kept if 1 < columns(name) <= LONGEST_NAME and not _NOT_A_NAME.search(name)]
    people = [name for name in good if name is good[0] or _CJK.search(name) or not signed.is_role(name)]
    return tuple(dict.fromkeys(people))


def names_signed(line: str) -> tuple[str, ...]:
    """The people of an English by-line, whose parts two spaces keep apart; none where there is no such label."""
    line = halfwidth(line)
    if _CJK.search(line):
        by = re.match(rf"{_BY.pattern}(?P<name>[^\d@|·•]{{2,60}}?)(?:\s{{2,}}|$)", line, re.IGNORECASE)
        return names(by["name"]) if by else ()
    return tuple(
        name for name in signed.signers(line) if columns(name) <= LONGEST_NAME and not _NOT_A_NAME.search(name)
    )


def source_name(text: str) -> str | None:
    """A paper or site as a label names it, or None for what names nobody (网络, 本站)."""
    text = _EDGES.sub("", " ".join(halfwidth(text).split()))
    text = re.sub(r"^(?:原载|来源|來源|出处)\s*[:于]\s*", "", text)
    if whole := re.fullmatch(r"[《“\"「](.+)[》”\"」]", text):
        text = whole[1]
    return None if columns(text) > 60 or _NO_SOURCE.search(text) else text


def distinct(people: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Each once, without those that are another with something behind it ("Ana Ruiz", "Ana Ruiz March")."""
    unique = dict.fromkeys(people)
    folded = {name.casefold() for name in unique}
    kept = {
        name.casefold(): name
        for name in reversed(unique)
        if not any(name.casefold().startswith(f"{other} ") for other in folded)
    }
    return tuple(reversed(kept.values()))


def _cjk_names(piece: str) -> list[str]:
    if spaced := _SPACED.match(piece):
        return ["".join(spaced.groups())]
    return piece.split() if _CJK_NAMES.match(piece) else [piece]
