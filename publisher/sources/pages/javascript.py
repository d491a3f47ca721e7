"""Pages that say nothing without a browser: they are recognised by what they lack, and the operator is told why."""

import re

from lxml.html import HtmlElement

from publisher.domain.article import columns
from publisher.sources.pages.page import Page, text_nodes, text_of

LITTLE = 400
"""Columns of visible text: with more a page has something to say, whatever it asks of its readers."""

_FEW_LINKS = 8
_MANY_SCRIPTS = 3
_HOLDERS = ("app", "root", "__next", "__nuxt", "___gatsby", "react-root", "app-root", "q-app", "svelte", "main-app")
"""Ids of the element that frameworks fill; an element may also be named `app-root`."""

_CHALLENGE = re.compile(
    r"just a moment|checking (if the site connection is secure|your browser)|attention required"
    r"|verif(y|ying) (that )?you are (a )?human|are you (a )?(human|robot)|review the security of your connection"
    r"|unusual traffic|complete the captcha|ddos protection"
    r"|人机验证|安全验证|滑动验证|正在检查您的浏览器|请稍候[.…]|访问验证|拖动滑块",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(enable|turn on|requires?|needs?|without|activate|allow|support)\b[^.]{0,60}\bjava\s?script"
    r"|java\s?script\b[^.]{0,60}\b(enabled?|disabled|required?|turned (on|off)|needed|activated?)"
    r"|(启用|开启|打开|允许|支持|禁用|关闭)[^。]{0,12}(java\s?script|脚本|js)"
    r"|java\s?script[^。]{0,12}(启用|开启|打开|允许|支持|禁用|关闭)",
    re.IGNORECASE,
)


def needs_javascript(page: Page) -> str | None:
    """Why a page shows nothing without JavaScript, as half a sentence for the operator; None when it shows something.

    Meant for pages on which no article and no list was found: text that stands in embedded JSON is not looked at.
    """
    root = page.root
    shown = sum(columns(node.text) for node in text_nodes(root))
    if shown > LITTLE:
        return None
    title = " ".join((root.findtext(".//title") or "").split())
    if _CHALLENGE.search(f"{title} {text_of(root)}"[:2000]) and _has_script(root):
        return "it asks visitors to prove that they use a browser, and shows its content only then"
    if sum(1 for link in root.iter("a") if link.get("href")) > _FEW_LINKS:
        return None
    silent = " ".join(" ".join(element.itertext()) for element in root.iter("noscript"))
    if _ASKS.search(f"{silent} {text_of(root)}"[:4000]) and _has_script(root):
        return "it needs JavaScript: it says so itself, and shows nothing without"
    if _has_script(root) and any(_is_empty(holder) for holder in _holders(root)):
        return "it needs JavaScript: its content is put into an empty page by a script"
    scripts = sum(1 for script in root.iter("script") if _runs(script))
    if scripts >= _MANY_SCRIPTS and shown < LITTLE // 4:
        return f"it needs JavaScript: {scripts} scripts, and hardly any text"
    return None


def asks_for_a_browser(text: str) -> bool:
    """Whether a text is no article but a word to those without JavaScript, or a check of who visits."""
    return len(text) <= LITTLE and columns(text) <= LITTLE // 2 and bool(_ASKS.search(text) or _CHALLENGE.search(text))


def _holders(root: HtmlElement) -> list[HtmlElement]:
    return [element for element in root.iter() if element.get("id") in _HOLDERS or element.tag == "app-root"]


def _is_empty(holder: HtmlElement) -> bool:
    """Whether an element holds no text but perhaps a word for those who wait, and no picture."""
    if holder.find(".//img") is not None:
        return False
    return sum(columns(node.text) for node in text_nodes(holder)) <= LITTLE // 8


def _has_script(root: HtmlElement) -> bool:
    return any(_runs(script) for script in root.iter("script"))


def _runs(script: HtmlElement) -> bool:
    """Whether an element is a script that runs, and not data (HTML, section 4.12.1)."""
    kind = (script.get("type") or "").strip().lower()
    return kind in ("", "module") or "javascript" in kind or "ecmascript" in kind
