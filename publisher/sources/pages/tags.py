"""What an article is about, by the tags and keywords of its page, and the section that it stands in."""

import re
from collections.abc import Sequence
from html import unescape

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources.pages import jsonld
from publisher.sources.pages.declared import Declared
from publisher.sources.pages.evidence import Evidence
from publisher.sources.pages.lines import Line
from publisher.sources.pages.page import halfwidth, is_apart, is_small, text_of

MOST_TAGS = 12
_KEYWORDS = ("keywords", "news_keywords", "parsely-tags", "sailthru.tags", "tags")
_SECTIONS = (
    *("article:section", "og:article:section", "og:category", "columnname", "articlesection", "parsely-section"),
    *("section", "category", "og:section"),
)
_CHIP = re.compile(r"^#\s*([^\s#]{1,30})\s*#?$")
_EDGES = re.compile(r"^[\s#,;]+|[\s#,;]+$")
_CJK = re.compile(r"[\u4e00-\u9fff]")
_CRUMBS = re.compile(
    r"bread-?crumb|crumbs?($|[\s_-])|(^|[\s_-])(path|location|position|place|weizhi|wz|dqwz|curpos)($|[\s_-])",
    re.IGNORECASE,
)
_NO_SECTION = re.compile(
    r"^(?:首页|主页|网站首页|正文|内容|详情|当前位置|您的位置|你的位置|您现在的位置|位置|返回\S*|home|homepage|article|news)$|正文$|首页$|^\W*$|^\d+$",
    re.IGNORECASE,
)


def tags(
    root: HtmlElement, declared: Declared, lines: Sequence[Line], title: str, body: str
) -> tuple[tuple[str, ...], Evidence | None]:
    """The tags of the first place that has some: those of the article before those of the whole site."""
    seen = [
        text_of(e) for e in root.iterfind(".//a[@rel]") if "tag" in (e.get("rel") or "").split() and not is_apart(e)
    ]
    chips = [
        m[1]
        for line in lines
        for run in line.runs
        if (m := _CHIP.match(halfwidth(run.text))) and not is_apart(run.element)
    ]
    places = (
        ("meta article:tag", declared.meta("article:tag")),
        ("chips", chips if len(chips) <= 20 else []),
        ("rel=tag", seen if len(seen) <= 20 else []),
        (
            "json-ld keywords",
            [tag for text in jsonld.texts(declared.thing.get("keywords")) for tag in split_tags(text)],
        ),
        ("meta keywords", _keywords(declared, title, body)),
    )
    own = {title.casefold(), *(site.casefold() for site in declared.meta("og:site_name"))}
    for place, values in places:
        if found := _good_tags(values, own):
            return found, Evidence(place, ", ".join(found))
    return (), None


def section(root: HtmlElement, declared: Declared, title: str) -> tuple[str | None, Evidence | None]:
    """The section: as declared, else the last step of the path that leads to the article (首页 > 财经 > 正文)."""
    for name, value in (
        *(("json-ld articleSection", text) for text in jsonld.texts(declared.thing.get("articleSection"))),
        *((f"meta {name}", value) for name, value in declared.named(*_SECTIONS)),
        *(("json-ld breadcrumb", text) for text in jsonld.breadcrumbs(root)[-2:][::-1]),
    ):
        if _is_section(value, title):
            return value, Evidence(name, value)
    for element in root.iterfind(".//*[@class]"):
        if _CRUMBS.search((element.get("class") or "")[:100]) and is_small(element) and len(text_of(element)) <= 120:
            steps = [text_of(link) for link in element.iter("a")]
            named = [step for step in steps if _is_section(step, title)]
            if named:
                return named[-1], Evidence("path", " > ".join(steps))
    return None, None


def split_tags(text: str) -> list[str]:
    """Keywords as they are written in one string; by white space only when that is the only separator of CJK words."""
    parts = [part.strip() for part in re.split(r"[,;、|]", halfwidth(text)) if part.strip()]
    if len(parts) == 1 and _CJK.search(text):
        return text.split()
    return parts


def _is_section(text: str, title: str) -> bool:
    return columns(text) <= 30 and "/" not in text and not _NO_SECTION.search(text) and text not in title


def _keywords(declared: Declared, title: str, body: str) -> list[str]:
    """Meta keywords. Chinese portals put the same dozen on every page: only words that the article uses count."""
    text = f"{title}{body}".casefold()
    bare = re.sub(r"\W", "", title)
    # The title again is no list of keywords.
    lists = [keywords for keywords in declared.meta(*_KEYWORDS) if re.sub(r"\W", "", keywords) != bare]
    words = [word for keywords in lists for word in split_tags(unescape(keywords))]
    return [word for word in words if word.casefold() in text or not _CJK.search(word)]


def _good_tags(values: Sequence[str], own: set[str]) -> tuple[str, ...]:
    """Each tag once (in any case), without the page's own title and the site's name among them."""
    found: dict[str, str] = {}
    for value in values:
        tag = _EDGES.sub("", " ".join(halfwidth(value).split()))
        if tag and columns(tag) <= 40 and tag.casefold() not in own:
            found.setdefault(tag.casefold(), tag)
    return tuple(found.values())[:MOST_TAGS]
