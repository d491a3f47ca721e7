"""Pages that stand in an article's place with a status that says 200."""

import pytest

from publisher.domain.stand_in import Kind, asks_to_pay, stand_in

STORY = "The council agreed on Monday to build a new tram line to the harbour. " * 15
故事 = "市议会周一同意修建一条通往港口的新电车线路，工程将于明年春天动工。" * 20

STAND_INS = [
    ("Page not found", "Sorry, the page you are looking for is not here. Try the search.", Kind.NOT_FOUND),
    ("404 - Harbour Post", "Home News Sport", Kind.NOT_FOUND),
    ("Error 404", "", Kind.NOT_FOUND),
    ("Oops!", "Something went wrong.", Kind.NOT_FOUND),
    ("Harbour Post", "This article is no longer available.", Kind.NOT_FOUND),
    ("Harbour Post", "The story could not be found. Go back to the front page.", Kind.NOT_FOUND),
    ("页面不存在", "您访问的页面不存在，返回首页", Kind.NOT_FOUND),
    ("提示信息", "该内容已被发布者删除", Kind.NOT_FOUND),
    ("港口日报", "抱歉，找不到您要访问的页面", Kind.NOT_FOUND),
    ("404", "文章已下线", Kind.NOT_FOUND),
    ("Just a moment...", "Checking your browser before accessing example.org.", Kind.CHECK),
    ("Access to this page has been denied", "Please verify you are human.", Kind.CHECK),
    ("Harbour Post", "We have detected unusual traffic from your network.", Kind.CHECK),
    ("安全验证", "请完成下方验证后继续访问", Kind.CHECK),
    ("访问验证", "您的访问过于频繁，请输入验证码", Kind.CHECK),
    ("Before you continue", "We use cookies and data to deliver our services.", Kind.CONSENT),
    ("Harbour Post", "We value your privacy. Accept all cookies or manage your choices.", Kind.CONSENT),
    ("Subscribe to read | Harbour Post", "Already a subscriber? Sign in.", Kind.WALL),
    ("Harbour Post", "Log in to continue reading this story.", Kind.WALL),
    ("港口日报", "登录后即可阅读全文", Kind.WALL),
    ("会员专享", "开通会员后可继续阅读", Kind.WALL),
]

ARTICLES = [
    ("How the 404 page came to be", STORY),
    ("Page not found: a history of the web's most seen sentence", STORY),
    ("The new tram", STORY),
    ("新电车", 故事),
    ("验证码的历史", 故事),
    ("Captcha makers are losing the race", STORY + " Captcha."),
    ("Highway 404 km of rail", "A short note on the tram."),
    ("The new tram", "A short note: the tram comes in May."),
    ("电车来了", "五月通车。"),
    ("Minister denies that documents were removed", STORY),
    ("Cookies for the harbour fair", "Bakers sold ten thousand of them. " * 9),
]


@pytest.mark.parametrize(("title", "text", "kind"), STAND_INS)
def test_pages_without_an_article_are_recognised(title: str, text: str, kind: Kind) -> None:
    found = stand_in(title, text)
    assert found is not None
    assert found.kind is kind


@pytest.mark.parametrize(("title", "text"), ARTICLES)
def test_articles_are_left_alone(title: str, text: str) -> None:
    assert stand_in(title, text) is None


def test_a_wall_at_a_text_s_end_is_seen() -> None:
    assert asks_to_pay(f"{STORY} Subscribe to continue reading.")
    assert asks_to_pay(f"{故事}登录后阅读全文")
    assert not asks_to_pay(STORY)
