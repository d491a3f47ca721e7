"""One real article walks the whole road: a site without a feed, the real program, three feeds, a digest by SMTP."""

import email
import email.policy
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import feedparser
import pytest
from lxml import html

from tests.loopback import PATIENCE, free_port, get, wait_for
from tests.smtp_server import SmtpServer

TITLE = "2500亿订单,27%持股,OpenAI微软达成重磅协议"
TAGS = ["顶级公司", "AI服务器", "算力"]
ORIGINAL = "https://www.yjnt111.top/article/940"
HEAD, TAIL = "10月28日,OpenAI和微软正式签署", "转向生态系统主导权之争。"
NOT_BODY = ("京ICP备", "热门文章", "英伟达市值再创新高", "原文链接", "window.__site", "作者:")

LISTING = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>AI资讯</title></head><body>
<nav><a href="/">首页</a></nav>
<ul class="articles"><li class="item"><a href="/article/940">2500亿订单,27%持股,OpenAI微软达成重磅协议</a></li></ul>
</body></html>"""

CONFIG = """
[site]
title = "预见"
base_url = "https://post.example"
language = "zh-CN"
timezone = "Asia/Shanghai"
first_digest = true
[database]
url = "sqlite:///publisher.db"
[web]
port = {web}
[mail]
transport = "smtp"
[[relay]]
name = "sink"
host = "127.0.0.1"
port = {smtp}
tls = "none"
[fetch]
allow_private = ["127.0.0.1:{site}"]
[[source]]
name = "yujian"
kind = "listing"
url = "http://127.0.0.1:{site}/"
language = "zh-CN"
timezone = "Asia/Shanghai"
rights = "licensed"
selectors = {{ item = "li.item" }}
[[feed]]
slug = "ai"
title = "AI资讯"
[[newsletter]]
slug = "digest"
title = "AI日报"
from = "AI日报 <news@post.example>"
cadences = ["immediate"]
timezone = "Asia/Shanghai"
"""


@pytest.fixture
def site(corpus: Path) -> Iterator[int]:
    """The listing and the article's page, on loopback; the port."""
    article = (corpus / "seed" / "article-940.html").read_bytes()
    pages = {"/": LISTING.encode(), "/article/940": article}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_the_seeds_article_becomes_three_feeds_and_a_chinese_digest(tmp_path: Path, site: int) -> None:
    web = free_port()
    with SmtpServer() as smtp:
        config = tmp_path / "publisher.toml"
        config.write_text(CONFIG.format(web=web, smtp=smtp.port, site=site))
        publisher = [sys.executable, "-m", "publisher", "--config", config]
        reader = ["reader@example.org", "--newsletter", "digest", "--language", "zh-CN", "--cadence", "immediate"]
        subprocess.run([*publisher, "subscriber", "add", *reader, "--confirmed"], check=True, env=os.environ)
        process = subprocess.Popen([*publisher, "run"])
        try:
            [message] = wait_for(lambda: process.poll() is None and smtp.accepted, "a mail")
            feeds = {
                name: get(f"http://127.0.0.1:{web}/feeds/{slug}.{name}")[1].encode()
                for slug in ("ai", "source/yujian")
                for name in ("rss", "atom", "json")
            }
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
    for name in ("rss", "atom"):
        check_feed(feeds[name])
    check_json_feed(feeds["json"])
    check_mail(message.data)


def check_feed(document: bytes) -> None:
    feed = feedparser.parse(document, sanitize_html=False)
    assert not feed.bozo, feed.get("bozo_exception")
    [entry] = feed.entries
    assert entry.title == TITLE
    assert entry.author == "预见大模型"
    assert [tag.term for tag in entry.tags] == TAGS
    # 28 October in Shanghai begins at 16:00 UTC the day before.
    assert entry.published_parsed[:5] in ((2025, 10, 27, 16, 0), (2025, 10, 28, 0, 0))
    check_html(entry.content[0].value)


def check_json_feed(document: bytes) -> None:
    [item] = json.loads(document)["items"]
    assert (item["title"], item["authors"], item["tags"]) == (TITLE, [{"name": "预见大模型"}], TAGS)
    assert item["external_url"] == ORIGINAL
    check_html(item["content_html"])


def check_html(body: str) -> None:
    tree = html.fromstring(f"<div>{body}</div>")
    assert len(tree.xpath(".//h2 | .//h3")) == 3
    text = tree.text_content().strip()
    assert text.startswith(HEAD)
    assert text.endswith(TAIL)
    for stranger in NOT_BODY:
        assert stranger not in text


def check_mail(source: bytes) -> None:
    message = email.message_from_bytes(source, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert TITLE in str(message["Subject"])
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert rich is not None
    text = "".join(plain.get_content().split())
    assert TITLE in text
    assert "OpenAI和微软正式签署新的战略协议" in text
    tree = html.fromstring(rich.get_content())
    assert tree.get("lang") == "zh-CN"
    content = tree.text_content()
    assert TITLE in content
    assert "预见大模型" in content
    assert "�" not in content + text
    assert "退订" in content
    assert str(message["List-Unsubscribe"]).startswith("<https://post.example/unsubscribe/")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
