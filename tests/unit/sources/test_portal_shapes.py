"""By-lines in the shapes that Chinese portals, papers, offices, forums and blogs give them; all texts are ours."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from publisher.sources.extract import extract

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TITLE = "灯埠港清淤提前两天完工 渡轮恢复通航"
TEXT = (
    "<p>灯埠港的挖泥船清晨六点离港，到中午时航道已经够深，渡轮可以靠岸。没有人料到周日之前就能完工，连港务长也没有。</p>"
    "<p>港务长输掉了赌局，请全体船员吃了一顿午饭。东侧留下的沙洲已经住进了苍鹭，它们看起来不打算离开这里。</p>"
    "<p>按照计划，明年春天还会再清一次。届时航道会再加深半米，大一些的船也能进港，鱼市也会搬回老码头。</p>"
)
FOOT = "<div class=footer><p>Copyright © 2009-2026 灯埠在线 版权所有 备案号00000000</p></div>"
MENU = "<div class=nav><a href=/>首页</a><a href=/news>新闻</a><a href=/sport>体育</a></div>"


@dataclass(frozen=True)
class Shape:
    """A page's part around the text, and what it says."""

    head: str
    authors: tuple[str, ...] = ()
    source: str | None = None
    published: str = "2026-09-07T13:43"
    tail: str = ""
    meta: str = ""
    title: str = TITLE
    suffix: str = "_灯埠在线"
    body: str = TEXT
    language: str = "zh-CN"


H1 = f"<h1>{TITLE}</h1>"
SHAPES = {
    "portal with split date": Shape(
        '<div class="head-line"><span class=year><em>2026</em></span><span class=day><em>09</em>/<em>07</em></span>'
        f"<span class=time>13:43:45</span><span class=source>来源：新华网</span></div><h1><span>{TITLE}</span></h1>",
        source="新华网",
        tail="<div class=editor>【责任编辑:王小明】</div>",
    ),
    "party paper": Shape(
        f'{H1}<div class="channel cf">'
        '<div class="fl">2026年09月07日13:43 | 来源：<a href="/x">人民网－人民日报</a></div></div>',
        source="人民网-人民日报",
        tail="<div class=edit>(责编：林一、陈二)</div>",
    ),
    "paper with author": Shape(
        f'<h3 class=pre>民生</h3>{H1}<div class="author cf">本报记者 周小满 林一</div>'
        "<div class=info>2026年09月07日13:43　来源：灯埠日报</div>",
        authors=("周小满", "林一"),
        source="灯埠日报",
    ),
    "television": Shape(
        f"{H1}<div class=info><i>来源：灯埠网 | 2026年09月07日 13:43:45</i></div>",
        source="灯埠网",
        tail="<p class=zebian>编辑：林一 责任编辑：陈二</p>",
    ),
    "government": Shape(
        f'{H1}<div class="pages-date">2026-09-07 13:43 <span class=font>来源： 灯埠日报</span>'
        "<div class=pages_print>【字体：<span>大</span> <span>中</span> <span>小</span>】打印</div></div>",
        source="灯埠日报",
        meta='<meta name="PubDate" content="2026-09-07 13:43"><meta name="ContentSource" content="灯埠日报">'
        '<meta name="ColumnName" content="要闻"><meta name="SiteName" content="灯埠市人民政府">'
        f'<meta name="ArticleTitle" content="{TITLE}"><meta name="Author" content="林一 ">',
        authors=("林一",),
    ),
    "county office": Shape(
        f'<div class="title">{TITLE}</div><div class=xx>发布时间：2026-09-07 13:43:45 &nbsp; 作者：林小满 &nbsp; '
        "信息来源：灯埠市水务局 &nbsp; 浏览次数：<span>103</span> 次</div>",
        authors=("林小满",),
        source="灯埠市水务局",
        suffix="",
    ),
    "office that publishes without time": Shape(
        f"{H1}<div>日期：2026-09-07 来源：灯埠市港务局 点击：33</div>", source="灯埠市港务局", published="2026-09-07"
    ),
    "app of accounts": Shape(
        f"{H1}<div class=sub><span>港边人家</span> <span>2026-09-07 13:43:45</span></div>", authors=("港边人家",)
    ),
    "app of accounts, a paper's": Shape(
        f"{H1}<div class=sub><span>灯埠晚报</span> <span>2026-09-07 13:43:45</span></div>", source="灯埠晚报"
    ),
    "app with a button to follow": Shape(
        f"{H1}<div class=user><a href=/u/1>港边人家</a><button>关注</button></div><div>2026-09-07 13:43</div>",
        authors=("港边人家",),
    ),
    "date before, paper after, no labels": Shape(
        f'{H1}<div class="date-source"><span class=date>2026年09月07日 13:43</span><a class=src>参考消息</a></div>',
        source="参考消息",
    ),
    "technology site": Shape(
        f'{H1}<div class=title-icon><a class="title-icon-item item-a">林小满</a><span>·2026-09-07 13:43</span></div>',
        authors=("林小满",),
        suffix="-灯埠氪",
    ),
    "reprint from an account": Shape(
        f"{H1}<p>2026-09-07 13:43</p>",
        body="<p>编者按：本文来自微信公众号“<a href=/x>港边笔记</a>”（ID：gangbian），"
        "作者：林小满，灯埠网经授权发布。</p>" + TEXT,
        authors=("林小满",),
        source="港边笔记",
    ),
    "magazine with pipes": Shape(
        f"{H1}<p>2026-09-07 13:43</p>",
        body="<p>文｜林小满</p><p>编辑｜陈一</p><p>头图｜视觉中国</p>" + TEXT,
        authors=("林小满",),
    ),
    "produced by, written by": Shape(
        f"{H1}<span>2026年9月7日 13:43</span>",
        body="<p>出品 | 灯埠工作室</p><p>作者 | 林小满 陈一</p><p>编辑 | 周二</p>" + TEXT,
        authors=("林小满", "陈一"),
    ),
    "finance site": Shape(
        f"{H1}<div class=artInfo><span id=pubtime>2026年09月07日 13:43 </span>来源于 <a href=/>灯埠周刊</a></div>",
        source="灯埠周刊",
        body="<p>【灯埠周刊】（记者 林小满）</p>" + TEXT,
        authors=("林小满",),
    ),
    "agency": Shape(
        f"{H1}<div>2026-09-07 13:43:45 来源： 新华网</div>",
        body="<p>新华社灯埠9月7日电（记者林小满、陈一）" + TEXT.removeprefix("<p>"),
        authors=("林小满", "陈一"),
        source="新华网",
    ),
    "agency, signed at the end": Shape(
        f"{H1}<div>2026-09-07 13:43</div>",
        body="<p>中新网灯埠9月7日电 " + TEXT.removeprefix("<p>").removesuffix("</p>") + "(林小满 陈一)</p>",
        authors=("林小满", "陈一"),
        source="中新网",
    ),
    "reporter and his place": Shape(
        f"{H1}<div>2026-09-07 13:43</div>",
        body="<p>灯埠财经全媒体记者 林小满 灯埠报道</p>" + TEXT,
        authors=("林小满",),
    ),
    "reporter glued to the label": Shape(f"{H1}<div>2026-09-07 13:43 灯埠晚报记者林小满</div>", authors=("林小满",)),
    "reporter and editor": Shape(
        f"{H1}<div><span>灯埠晚报</span> <span>记者 林小满</span> <span>编辑 陈一</span></div>"
        "<div>2026-09-07 13:43</div>",
        authors=("林小满",),
        source="灯埠晚报",
    ),
    "each by colon": Shape(
        f"{H1}<div>2026-09-07 13:43</div>",
        body="<p>每港记者：林小满　　每港编辑：陈一</p>" + TEXT,
        authors=("林小满",),
    ),
    "traditional": Shape(
        "<h1>燈埠港清淤提前完工 渡輪恢復通航</h1>"
        "<div>2026-09-07 13:43 <span>燈埠報</span> 記者<span>林小滿</span>／燈埠報導</div>",
        authors=("林小滿",),
        source="燈埠報",
        title="燈埠港清淤提前完工 渡輪恢復通航",
        language="zh-TW",
    ),
    "overseas paper": Shape(
        f"{H1}<p class=byline>文 / 林小满</p><p>发布/2026年9月7日 1:43 PM</p>", authors=("林小满",)
    ),
    "table layout": Shape(
        f"<table><tr><td align=center><b>{TITLE}</b></td></tr>"
        "<tr><td>作者：林小满 文章来源：灯埠论坛 更新时间：2026-9-7 13:43:45</td></tr></table>",
        authors=("林小满",),
        source="灯埠论坛",
        suffix="-灯埠在线",
    ),
    "forum": Shape(
        f"<h1 class=ph>{TITLE}</h1><div class=authi><a class=xw1>港边人家</a> <em>发表于 2026-9-7 13:43:45</em></div>",
        authors=("港边人家",),
    ),
    "blog theme": Shape(
        f"<h1 class=entry-title>{TITLE}</h1><div class=entry-meta>"
        '<span class="author vcard"><a class="url fn n">港边人家</a></span>'
        '<time class="entry-date published" datetime="2026-09-07T05:43:45+00:00">2026年9月7日</time>'
        '<time class=updated datetime="2026-09-08T05:43:45+00:00">2026年9月8日</time></div>',
        authors=("港边人家",),
    ),
    "newspaper's reader": Shape(
        f"{H1}<div>2026年09月07日 &nbsp; 版次：A04 &nbsp; 作者：林小满</div>",
        authors=("林小满",),
        published="2026-09-07",
    ),
    "hidden for a search engine": Shape(
        f'{H1}<div id=BaiduSpider style="display:none"><span id=pubtime_baidu>2026-09-07 13:43:45</span>'
        "<span id=source_baidu>来源：灯埠网</span><span id=author_baidu>作者：林小满</span></div>",
        authors=("林小满",),
        source="灯埠网",
    ),
    "label and name in lines of their own": Shape(
        f"{H1}<ul><li>来源：</li><li>灯埠日报</li><li>作者：</li><li>林小满</li><li>2026-09-07 13:43</li></ul>",
        authors=("林小满",),
        source="灯埠日报",
    ),
    "labels with nothing behind them": Shape(
        f"{H1}<div>作者： 来源： 时间：2026-09-07 13:43 阅读：53</div>",
    ),
    "nobody is named": Shape(f"{H1}<div>作者：佚名 来源：网络 2026-09-07 13:43</div>"),
    "the site signs itself": Shape(
        f"{H1}<div>2026-09-07 13:43</div>", meta='<meta name=author content="灯埠在线"><meta name=copyright content=x>'
    ),
    "meta names the paper": Shape(
        f"{H1}<div>2026-09-07 13:43</div>", meta='<meta name=mediaid content="灯埠晚报">', source="灯埠晚报"
    ),
    "credits at the end": Shape(
        f"{H1}<div>2026-09-07 13:43</div>",
        tail="<div class=ep-source><span>本文来源：灯埠晚报</span> "
        "<span>作者：林小满</span> <span>责任编辑：陈一_N1</span></div>",
        authors=("林小满",),
        source="灯埠晚报",
    ),
    "photographs have sources too": Shape(
        f"{H1}<div>2026-09-07 13:43 来源：灯埠晚报</div>",
        body=TEXT.replace("</p><p>", "</p><p>图片来源：视觉中国</p><p>港口。记者 王五 摄</p><p>", 1),
        source="灯埠晚报",
    ),
    "messenger": Shape(
        f'<h2 class=rich_media_title>{TITLE}</h2><div id=meta_content><span class="rich_media_meta">原创</span>'
        '<span class="rich_media_meta rich_media_meta_text">林小满</span><a id=js_name>港边笔记</a>'
        '<div style="display:none"><strong class=profile_nickname>港边笔记</strong></div>'
        "<em id=publish_time></em></div>",
        meta='<meta name=author content="林小满"><meta property="og:site_name" content="微信公众平台">',
        tail='<script>var nickname = "港边笔记"; var ct = "1788759825";</script>',
        authors=("林小满",),
        source="港边笔记",
        suffix="",
    ),
    "data of an app": Shape(
        H1,
        tail='<script>window.__DATA__={"media":"灯埠晚报","source":"灯埠晚报",'
        '"pubtime":"2026-09-07 13:43:45","title":"x"}</script>',
        source="灯埠晚报",
    ),
    "no year, and a script that knows it": Shape(
        f"{H1}<div><span class=name>港边人家</span><span>发布时间：</span><span>09-07</span> <span>13:43</span></div>",
        meta='<meta itemprop="dateUpdate" content="2026-09-07 13:43:59">',
        authors=("港边人家",),
    ),
    "republished, and the page shows when first": Shape(
        f"{H1}<div>2026年09月07日 13:43 灯埠日报</div>",
        meta='<meta property="article:published_time" content="2026-09-07T16:52:51+08:00">',
        source="灯埠日报",
    ),
    "a declared zone that is not meant": Shape(
        f"{H1}<div>2026-09-07 13:43</div>",
        meta='<meta property="article:published_time" content="2026-09-07T13:43:00Z">',
    ),
    "microdata": Shape(
        f'<div itemscope itemtype="https://schema.org/NewsArticle"><h1 itemprop=headline>{TITLE}</h1>'
        "<span itemprop=author itemscope><span itemprop=name>林小满</span></span>"
        '<time itemprop=datePublished datetime="2026-09-07T13:43:00+08:00">9月7日</time></div>',
        authors=("林小满",),
    ),
    "portal with spans by class": Shape(
        f"{H1}<div class=a_Info><span class=a_catalog><a href=/tech>科技</a></span> <span class=a_source>"
        "<a href=/s>灯埠中文站</a></span> <span class=a_time>2026-09-07 13:43</span></div>",
        source="灯埠中文站",
    ),
    "portal of accounts": Shape(
        f"<div class=user-info><h4><a href=/u/1>港边人家</a></h4><div>1024文章</div></div><h1>{TITLE}"
        "<span class=article-tag>原创</span></h1><div class=article-info>"
        "<span class=time id=news-time>2026-09-07 13:43</span>"
        "<span>来源: <a href=/s>灯埠网</a></span></div>",
        source="灯埠网",
    ),
    "submitted from": Shape(
        f"{H1}<div class=meta><span>2026年09月07日 13:43</span><span class=source>稿源：<a href=/s>灯埠网</a></span>"
        "<span>0 条评论</span></div>",
        source="灯埠网",
    ),
    "programmers' blogs": Shape(
        f"{H1}<div class=bar><span>原创</span> <a class=follow-nickName>港边人家</a> "
        "<span>最后发布于2026-09-07 13:43:45</span>"
        "<span>阅读数 33</span></div>",
        authors=("港边人家",),
    ),
    "writers' blogs": Shape(
        f"{H1}<div class=author><span class=name>港边人家</span><button>关注</button>"
        "<div><time>2026.09.07 13:43:45</time><span>字数 800</span><span>阅读 23</span></div></div>",
        authors=("港边人家",),
    ),
    "posted at the foot": Shape(
        H1,
        tail="<div class=postDesc>posted @ <span>2026-09-07 13:43</span> "
        "<a href=/u>港边人家</a> 阅读(33) 评论(0)</div>",
    ),
    "dot and slash": Shape(
        f"{H1}<div><span><a href=/a>林小满</a></span> · <span>2026/09/07 13:43</span></div>", authors=("林小满",)
    ),
    "all in one line": Shape(
        f"{H1}<div>2026/9/7 13:43:45　来源：灯埠之家　作者：懒猫　责编：懒猫　评论：12</div>",
        authors=("懒猫",),
        source="灯埠之家",
    ),
    "origin and editor": Shape(
        f"{H1}<div>出处:灯埠在线 原创　作者:林小满　责任编辑:陈一　发布于:2026-09-07 13:43</div>",
        authors=("林小满",),
        source="灯埠在线 原创",
    ),
    "glued to the time": Shape(f"{H1}<div>2026-09-07 13:43:00来源：灯埠广网</div>", source="灯埠广网"),
    "paper of a site, glued to the date": Shape(
        f"{H1}<div>来源：灯埠网-《灯埠日报》2026-09-07 13:43</div>", source="灯埠网-《灯埠日报》"
    ),
    "time of release": Shape(
        f"{H1}<div>发稿时间：2026-09-07 13:43:00　来源： 灯埠青年报　作者：林小满</div>",
        authors=("林小满",),
        source="灯埠青年报",
    ),
    "paper and person without labels": Shape(
        f"{H1}<div>2026年09月07日 13:43　　来源：灯埠日报-灯埠经济网　　林小满</div>",
        source="灯埠日报-灯埠经济网",
        authors=("林小满",),
    ),
    "credits above the text": Shape(
        f"{H1}<div>2026-09-07 13:43</div>",
        body="<p>灯埠报记者 林小满 编辑 陈一 校对 周二</p>" + TEXT,
        authors=("林小满",),
    ),
    "reporters in brackets at the end": Shape(
        f"{H1}<div>2026-09-07 13:43</div>",
        body=TEXT.removesuffix("</p>") + "（灯埠电视台记者 林小满 陈一）</p>",
        authors=("林小满", "陈一"),
    ),
    "a name with a space inside": Shape(f"{H1}<div>作者：林 一 2026-09-07 13:43</div>", authors=("林一",)),
    "author of two parts": Shape(
        f"{H1}<div>2026-09-07 13:43</div>", body="<p>作者 ▏林小满</p>" + TEXT, authors=("林小满",)
    ),
    "json of a search engine": Shape(
        H1,
        meta='<script type="application/ld+json">{"@context":"https://ziyuan.example/c.jsonld","@id":"https://news.example/'
        'a","title":"x","pubDate":"2026-09-07T13:43:45","upDate":"2026-09-08T13:43:45"}</script>',
    ),
    "two days ago, with the stamp in a script": Shape(
        f"{H1}<div><span>港边人家</span> <span>前天</span></div>",
        tail='<script>var publish_time = "2026-09-07 13:43";</script>',
        authors=("港边人家",),
    ),
    "the day is told apart": Shape(
        f"{H1}<div><b>07</b><i>2026-09</i></div><div>发布时间：2026-09-07 13:43 来源：灯埠网</div>", source="灯埠网"
    ),
    "questions and answers": Shape(
        f'{H1}<div class=AuthorInfo><a class="UserLink-link">港边人家</a>'
        "<div>看潮人</div><button>关注他</button></div>",
        tail="<div class=ContentItem-time>发布于 2026-09-07 13:43</div>",
        authors=("港边人家",),
    ),
    "other articles around it": Shape(
        f"{H1}<div>2026-09-07 13:43 来源：灯埠日报</div>",
        tail="<ul class=list><li><a href=/a>别的新闻标题一条</a><span>2026-09-09 08:00</span></li>"
        "<li><a href=/b>别的新闻标题二条</a><span>2026-09-08 08:00</span></li></ul><p>来源：别的报纸 作者：别的人</p>",
        source="灯埠日报",
    ),
}


def made(shape: Shape) -> bytes:
    return (
        f'<!DOCTYPE html><html lang="{shape.language}"><head><meta charset=utf-8>'
        f"<title>{shape.title}{shape.suffix}</title>{shape.meta}</head>"
        f"<body>{MENU}<div class=main><div class=article>{shape.head}"
        f"<div class=content>{shape.body}</div>{shape.tail}</div></div>{FOOT}</body></html>"
    ).encode()


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_read(name: str) -> None:
    shape = SHAPES[name]
    article = extract(made(shape), "https://news.example/a/1.html", now=NOW)
    shown = article.as_dict()
    assert article.title == shape.title
    assert (article.authors, article.source) == (shape.authors, shape.source), article.evidence
    assert str(shown["published"])[: len(shape.published)] == shape.published, article.evidence
    if "T" not in shape.published:
        assert "T00:00:00" in str(shown["published"])
    assert str(shown["published"]).endswith("+08:00"), "Chinese pages without another zone are at +08:00"
