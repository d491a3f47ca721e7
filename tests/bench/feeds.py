"""The feeds that the benches of collecting read: 20 entries and about 45 KB each, in five shapes of living feeds.

By turns: Atom with XHTML tables (what a program writes), Atom with release notes full of links, RSS of a blog with
pictures, RSS of short announcements by a site generator, RDF with long plain essays. How much markup, how many
attributes and how many different words there are is as in feeds of that kind; no two entries are alike.
"""

import random
from collections.abc import Callable
from html import escape
from itertools import accumulate

ENTRIES = 20
_SYLLABLES = ("an", "be", "cor", "da", "el", "fi", "gra", "ho", "in", "ka", "lu", "mer", "no", "pa", "ri", "so", "tu")
_WORDS = 6000


def _vocabulary() -> tuple[list[str], list[float]]:
    """Words, and how often they come: the next one always a little more seldom (Zipf's law)."""
    chance = random.Random("words")
    made = dict.fromkeys(
        "".join(chance.choices(_SYLLABLES, k=chance.choice((1, 2, 2, 3, 3, 4)))) for _ in range(_WORDS)
    )
    return list(made), list(accumulate(1 / (rank + 3) for rank in range(len(made))))


_VOCABULARY, _WEIGHTS = _vocabulary()


class _Writer:
    """Writes what one entry says, always the same for its number and place."""

    def __init__(self, number: int, place: int) -> None:
        self.chance = random.Random(f"{number}-{place}")
        self.home = f"https://blog{number}.example"
        self.url = f"{self.home}/{place}/{self.words(4).replace(' ', '-')}"
        self.title = self.words(7).capitalize()
        self.day = 1 + self.chance.randrange(20)

    def words(self, count: int) -> str:
        return " ".join(self.chance.choices(_VOCABULARY, cum_weights=_WEIGHTS, k=count))

    def sentences(self, count: int) -> str:
        return " ".join(self._sentence() for _ in range(count))

    def _sentence(self) -> str:
        said = self.words(self.chance.randrange(7, 22)).capitalize()
        mark = self.chance.choice((",", ",", " –", "’s", ":"))
        half = len(said.split()) // 2
        return " ".join(said.split()[:half]) + f"{mark} " + " ".join(said.split()[half:]) + "."

    def link(self, attributes: str = "") -> str:
        return f'<a {attributes}href="/{self.chance.randrange(9999)}?utm_source=feed&amp;p=1">{self.words(2)}</a>'


# --- what entries say --------------------------------------------------------------------------------------------


def _table(writer: _Writer) -> str:
    tags = "".join(
        f"<tr>\n<td>{writer.words(1)}:{writer.words(1)} = {writer.words(7)}</td>\n</tr>\n" for _ in range(20)
    )
    rows = "".join(
        f"<tr>\n<th>{name}</th>\n<td>{said}</td>\n</tr>\n"
        for name, said in (
            ("Created", "Thu, 28 Nov 2024 22:55:15 +0000"),
            ("Author", writer.link()),
            ("Comment", f"{writer.words(9)} &lt;b&gt;"),
            ("Tags", f'<table cellpadding="0">\n{tags}</table>'),
        )
    )
    return f"<style>th {{ text-align: left }} tr {{ vertical-align: top }}</style>\n<table>\n{rows}</table>"


def _notes(writer: _Writer) -> str:
    parts = [f"<p>{writer.sentences(2)}</p>"]
    for _ in range(2):
        items = "".join(
            f'<li>{writer.words(5)} <span class="by">{writer.link(attributes)}</span></li>\n'
            for attributes in ('class="user" rel="nofollow" ', 'class="issue" data-id="17" ', "")
        )
        parts.append(f'<h3 id="{writer.words(1)}">{writer.words(3)}</h3>\n<ul>\n{items}</ul>')
    parts.append(f'<p><img src="/media/{writer.day}.png" alt="{writer.words(3)}"/><code>{writer.words(2)}</code></p>')
    return "\n".join(parts)


def _post(writer: _Writer) -> str:
    picture = f"{writer.home}/uploads/2026/11/{writer.words(1)}"
    sizes = ", ".join(f"{picture}-{width}x{width // 2}.jpg {width}w" for width in (300, 768, 940))
    figure = (
        f'<figure class="wp-block-image size-full"><a href="{picture}.jpg"><img width="960" height="540" '
        f'src="{picture}.jpg" alt="" class="wp-image-26" srcset="{sizes}" sizes="(max-width: 960px) 100vw, 960px" />'
        "</a></figure>"
    )
    first, *others = (
        f"<p>{writer.sentences(2)} <em>{writer.words(2)}</em> {writer.link()}&nbsp;&#8230;<br></p>" for _ in range(3)
    )
    itself = f'<a rel="nofollow" href="{writer.url}">{writer.title}</a>'
    last = f"<p>{writer.words(2)} {itself} <strong>{writer.words(2)}</strong>.</p>"
    return "\n\n".join((first, figure, *others, last))


def _release(writer: _Writer) -> str:
    link = 'class="markdown__link"\n  '
    items = "".join(f"<li>\n<p>{writer.link(link)} {writer.words(4)}</p>\n</li>\n" for _ in range(5))
    anchor = (
        f'<a data-clipboard-text="{writer.url}#a" class="anchor clip flex" title="Anchor" href="#a">'
        '<svg class="icon"></svg></a>'
    )
    return (
        f"<p>{writer.sentences(3)} {writer.link(link)}.</p>\n"
        f'<div class="page__anchorwrap">\n<h3 id="a">{writer.words(3)} {anchor}</h3>\n</div>\n<ul>\n{items}</ul>\n'
        f"<p>{writer.sentences(3)}</p>"
    )


def _essay(writer: _Writer) -> str:
    return "\n\n".join(f"<p>{writer.sentences(4)} {writer.link()} {writer.sentences(1)}<br />\n</p>" for _ in range(3))


# --- entries and feeds -------------------------------------------------------------------------------------------


def _atom_xhtml(writer: _Writer) -> str:
    body = f'<content type="xhtml">\n<div xmlns="http://www.w3.org/1999/xhtml">\n{_table(writer)}\n</div>\n</content>'
    return _atom_entry(writer, f"{body}\n<georss:box>52.93 18.51 53.07 18.90</georss:box>")


def _atom_html(writer: _Writer) -> str:
    return _atom_entry(writer, f'<content type="html">{escape(_notes(writer))}</content>')


def _atom_entry(writer: _Writer, body: str) -> str:
    return (
        f"<entry>\n<id>{writer.url}</id>\n<title>{writer.title}</title>\n"
        f'<link rel="alternate" type="text/html" href="{writer.url}"/>\n'
        f"<published>2026-11-{writer.day:02}T06:00:07Z</published>\n"
        f"<updated>2026-11-{writer.day:02}T07:30:09+01:00</updated>\n"
        f"<author><name>{writer.words(2).title()}</name><uri>{writer.home}/about</uri></author>\n"
        f'<category term="{writer.words(1)}"/>\n{body}\n</entry>'
    )


def _rss_blog(writer: _Writer) -> str:
    summary = f'<p>{writer.sentences(2)} <a class="more-link" href="{writer.url}">Read More &#187;</a></p>'
    return _rss_item(
        writer,
        f"<dc:creator><![CDATA[{writer.words(2).title()}]]></dc:creator>\n"
        f"<description><![CDATA[{summary}]]></description>\n"
        f"<content:encoded><![CDATA[{_post(writer)}]]></content:encoded>",
    )


def _rss_site(writer: _Writer) -> str:
    return _rss_item(writer, f"<description>{escape(_release(writer))}</description>")


def _rss_item(writer: _Writer, body: str) -> str:
    return (
        f"<item>\n<title>{writer.title}</title>\n<link>{writer.url}</link>\n"
        f"<pubDate>{writer.day:02} Nov 2026 09:08:25 +0000</pubDate>\n"
        f"<category><![CDATA[{writer.words(1)}]]></category>\n"
        f'<guid isPermaLink="false">{writer.home}/?p={writer.url}</guid>\n{body}\n</item>'
    )


def _rdf_item(writer: _Writer) -> str:
    return (
        f'<item rdf:about="{writer.url}">\n<title>{writer.title}</title>\n<link>{writer.url}</link>\n'
        f"<description>{writer.sentences(2)}</description>\n<dc:subject></dc:subject>\n<dc:creator>David</dc:creator>\n"
        f"<dc:date>2026-11-{writer.day:02}T06:08:34-05:00</dc:date>\n"
        f"<content:encoded><![CDATA[{_essay(writer)}]]></content:encoded></item>"
    )


_ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xml:lang="en" xmlns="http://www.w3.org/2005/Atom" xmlns:georss="http://www.georss.org/georss">
<title>Feed {number}</title>
<id>urn:bench:feed:{number}</id>
<link href="https://blog{number}.example/"/>
<updated>2026-11-24T06:00:00Z</updated>
{entries}
</feed>
"""
_RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel>
<title>Feed {number}</title>
<link>https://blog{number}.example/</link>
<description>A feed</description>
<language>en-us</language>
{entries}
</channel>
</rss>
"""
_RDF = """<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
  xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel rdf:about="https://blog{number}.example/">
<title>Feed {number}</title>
<link>https://blog{number}.example/</link>
<description>A feed</description>
<dc:language>en-us</dc:language>
</channel>
{entries}
</rdf:RDF>
"""
_SHAPES: tuple[tuple[str, Callable[[_Writer], str]], ...] = (
    (_ATOM, _atom_xhtml),
    (_ATOM, _atom_html),
    (_RSS, _rss_blog),
    (_RSS, _rss_site),
    (_RDF, _rdf_item),
)


def feed(number: int, places: range = range(ENTRIES)) -> str:
    """One feed, with the entries of these places in its history."""
    frame, entry = _SHAPES[number % len(_SHAPES)]
    return frame.format(number=number, entries="\n".join(entry(_Writer(number, place)) for place in reversed(places)))
