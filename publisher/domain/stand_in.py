"""What sites show in an article's place with a status that says 200: not found, walls, checks for people.

Told by phrases in the title or the short text around them: an article about such pages is longer than they are.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from publisher.domain.article import columns

SHORT = 1000
"""Columns of text up to which a page may be one of these; an article that names them says more."""

VERY_SHORT = 240
"""Columns of text up to which a phrase anywhere in it tells."""

_FLAGS = re.IGNORECASE | re.DOTALL

_NOT_FOUND = re.compile(
    r"\b(error\W*)?40[34]\b(?!\s*(km|miles|people|years))|(page|article|story|post|content|document|resource|file|url)"
    r"\s+(you\s+(requested|(are|were) looking for)\s+)?"
    r"((was|is|could|can)\s*(not|n[o']t)\s*(be\s+)?(found|available)|not found|(is )?no longer (available|exists?)"
    r"|does\s*(not|n't) exist|(has been|was) (removed|deleted|moved))"
    r"|^\W*(not found|oops|sorry, (we|the page))|we can.?t (seem to )?find (the|that) page|nothing (was )?found here"
    r"|(页面|网页|文章|内容|信息|帖子|链接|文件|稿件|新闻)(已经?|可能已?|已被|被)?"
    r"(不存在|找不到|未找到|无法找到|被?(作者|发布者|管理员)?(删除|移除|下线|下架)|失效|过期)"
    r"|(找不到|未找到|没有找到|无法找到|不存在)(您|你|该|此|相关|要|所|的|访问|查看|请求){0,8}(页面|网页|文章|内容|资源)"
    r"|您要?访问的(页面|网页|内容)"
    r"|該(頁|文章|內容).{0,4}(不存在|刪除|找不到)|(頁面|網頁|文章)(不存在|找不到)|ページが(見つ|存在)",
    _FLAGS,
)

_CHECK = re.compile(
    r"verify (that )?you are (a )?human|are you a (human|robot)|i.?m not a robot|unusual (traffic|activity)"
    r"|checking (your|if the site|the site) (browser|connection)|just a moment\W*$|attention required"
    r"|enable javascript( and cookies)? to continue|access (to this page has been )?denied"
    r"|request (was |has been )?blocked"
    r"|security check|captcha|rate limit(ed)? exceeded|too many requests|ddos protection"
    r"|人机(验证|身份)|安全验证|(请|需要?)(先)?(完成|进行|输入|通过).{0,6}(验证|校验)|验证码|访问(过于|太)频繁"
    r"|访问(被|受)(拒绝|限制)|滑动(验证|滑块)"
    r"|环境异常|异常流量|请求被(拦截|拒绝)",
    _FLAGS,
)

_CONSENT = re.compile(
    r"we (value|respect|care about) your privacy|before you continue( to)?"
    r"|(accept|reject|manage) (all )?(cookies|consent)"
    r"|your (privacy|cookie) (choices|preferences|settings)|consent to (the use|our use|cookies)"
    r"|(we|this (site|website)) (and our partners )?uses? cookies|cookie (policy|consent|notice)"
    r"|(使用|接受|同意).{0,6}(cookie|隐私(政策|条款|协议))|我们重视您的隐私",
    _FLAGS,
)

_WALL = re.compile(
    r"subscribe (now )?to (continue|read|keep reading|unlock|get (full |unlimited )?access)"
    r"|(this|the) (article|story|content) is (for|available to|reserved for|exclusive to)"
    r" (paying |our |premium )?(subscribers|members)|(for|to) (our )?subscribers only"
    r"|(already a|become a) (subscriber|member)|(sign (in|up)|log ?in) to (continue|read)|please (log|sign) ?in"
    r"|register (for free )?to (continue|read)|you have (reached|used).{0,30}(free )?articles|start your free trial"
    r"|continue reading (with|by) subscri|unlock this (article|story)"
    r"|(登录|登陆|注册|订阅|购买|付费|开通会员|下载(app|客户端)|打开(app|客户端)).{0,6}(后|即可|才能|可|以|继续)"
    r".{0,4}(阅读|查看|浏览|解锁)"
    r"|(会员|订阅|付费)(专享|专属|可见|可读|用户可)|付费(阅读|内容|文章)|剩余\s*\d+\s*%|还有\d+%的?(内容|精彩)"
    r"|请先?(登录|登陆)(?!山)|(本文|全文)(为|仅限).{0,6}(会员|订阅|付费)",
    _FLAGS,
)


class Kind(StrEnum):
    """What a page is instead of an article."""

    NOT_FOUND = "not found"
    CHECK = "check"
    CONSENT = "consent"
    WALL = "wall"


@dataclass(frozen=True, slots=True)
class StandIn:
    """What a page is, and what it does, as the rest of a sentence that begins with "the page"."""

    kind: Kind
    reason: str


_KINDS = (
    (StandIn(Kind.NOT_FOUND, "says that there is no such article"), _NOT_FOUND),
    (StandIn(Kind.CHECK, "asks whether a person reads it"), _CHECK),
    (StandIn(Kind.CONSENT, "asks for consent first"), _CONSENT),
    (StandIn(Kind.WALL, "asks to subscribe or to log in first"), _WALL),
)


def stand_in(title: str, text: str) -> StandIn | None:
    """What a page is instead of an article; None for one that may be an article.

    A title that says so counts with up to `SHORT` columns of text, a sentence of the text up to `VERY_SHORT`.
    """
    text = " ".join(text.split())
    if len(text) > SHORT or (width := columns(text)) > SHORT:
        return None
    for found, pattern in _KINDS:
        if (pattern.search(title) and not _is_news(title)) or (width <= VERY_SHORT and pattern.search(text)):
            return found
    return None


def _is_news(title: str) -> bool:
    """Whether a title says more than a phrase of these would: then only the text decides."""
    return columns(title) > 60


def asks_to_pay(text: str) -> bool:
    """Whether a text ends, or is broken off, with a wall's words."""
    return bool(_WALL.search(text[-600:]))
