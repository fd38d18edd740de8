"""What the wording rules hold back, what they warn of, and what passes all the same."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.lexicon import TRADES
from scheduler.content import Button, Content, Picture
from scheduler.wording_rules import (
    Kind,
    RulesBroken,
    Severity,
    all_rules,
    blocking,
    check,
    check_content,
    read_rules,
    rules_for,
    simplified_letters,
)
from storage.errors import NuanqunError
from tests.handlers.sentences import sentences

EVERY = rules_for("wechat", TRADES)
TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
TEXTS = Path(__file__).with_name("wording_texts.tsv")
PRICES = {"玫瑰面霜": [Decimal(89), Decimal("79.9")], "精华": [Decimal(199)], "面霜": []}


def labelled() -> list[tuple[str, set[str]]]:
    """Shop posts, each with the rules that it must break: all of them, and no other."""
    rows = [line.split("\t") for line in TEXTS.read_text(encoding="utf-8").splitlines()]
    return [
        (text, set(rules.split()) - {"-"})
        for rules, text in (row for row in rows if row[0][:1] not in {"", "#"})
    ]


@pytest.mark.parametrize(("text", "rules"), labelled())
def test_a_post_breaks_the_rules_that_people_see_broken(text: str, rules: set[str]) -> None:
    assert {hit.rule for hit in check(text, EVERY)} == rules


def test_every_rule_of_words_is_broken_by_some_post_and_left_alone_by_another() -> None:
    broken = {rule for _, rules in labelled() for rule in rules}
    assert {rule.id for rule in all_rules() if rule.kind is Kind.WORDS} <= broken
    assert sum(not rules for _, rules in labelled()) >= 60


def plain_talk() -> list[str]:
    """What fans say that judges nothing and sells nothing; nobody wrote the rules on it."""
    file = Path(__file__).parents[1] / "insights" / "plain_talk.txt"
    training = resources.files("insights").joinpath("training_plain_talk.txt")
    lines = (file.read_text("utf-8") + training.read_text("utf-8")).splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_plain_talk_is_hardly_ever_taken_for_a_claim() -> None:
    talk = plain_talk()
    hits = [hit for line in talk for hit in check(line, EVERY)]
    assert not [hit for hit in hits if hit.severity is Severity.BLOCK]
    assert len(hits) <= len(talk) / 100


def shipped_texts(part: object) -> Iterator[str]:
    """Every text of a file of data; a source is a title as its publisher wrote it, and stays in."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for key, below in part.items():
            if key != "source":
                yield from shipped_texts(below)
    elif isinstance(part, list):
        for below in part:
            yield from shipped_texts(below)


def shipped_files() -> list[Path]:
    """The files of data with words that go out: programmes, greetings, unplanned care."""
    every = Path(str(resources.files("scheduler"))).rglob("*.toml")
    return sorted(file for file in every if file.parent.name != "wording_rules")


@pytest.mark.parametrize("file", shipped_files(), ids=lambda file: file.name)
def test_what_ships_breaks_no_rule_and_is_warned_of_nowhere(file: Path) -> None:
    for text in shipped_texts(tomllib.loads(file.read_text(encoding="utf-8"))):
        filled = TEMPLATE.sub("小暖花", text)
        found = [hit for hit in check(filled, EVERY) if hit.rule != "foreign-link"]
        assert not found, (text, found)


def test_what_the_bot_itself_says_is_held_back_nowhere() -> None:
    for sentence in sentences():
        assert not blocking(check(sentence, EVERY)), sentence


@pytest.mark.parametrize(
    "written",
    ["最好用", "最 好 用", "最\u200b好用", "最\u3000好用"],
)
def test_a_word_is_found_however_it_is_spaced(written: str) -> None:
    (hit,) = check(f"这款{written}，推荐", EVERY)
    assert (hit.rule, hit.place) == ("superlative", 2)
    assert hit.words[0] == "最"
    assert hit.words[-1] in "用好"


def test_full_width_letters_are_letters() -> None:
    assert [hit.rule for hit in check("今年ＮＯ．１的面霜", EVERY)] == ["first"]


@pytest.mark.parametrize(("text", "rules"), [row for row in labelled() if row[1]])
def test_what_breaks_a_rule_breaks_it_in_traditional_characters(text: str, rules: set[str]) -> None:
    written = {simple: other for other, simple in reversed([*simplified_letters().items()])}
    traditional = "".join(written.get(letter, letter) for letter in text)
    hits = check(traditional, EVERY)
    assert {hit.rule for hit in hits} == rules
    for hit in hits:
        assert traditional[hit.place :].startswith(hit.words)


def test_the_rules_are_written_in_letters_that_texts_are_read_in() -> None:
    """A traditional letter in a rule finds nothing; one that the table lacks is missed.

    Big5 holds the characters of traditional Chinese: one that it lacks is written otherwise there.
    """
    letters = simplified_letters()
    looked_for = {
        letter
        for rule in all_rules()
        for pattern in (rule.hits, rule.passes)
        if pattern is not None
        for letter in re.findall("[\u4e00-\u9fa5]", pattern.pattern)
    }
    assert not looked_for & letters.keys()
    known = set(letters.values())
    lacking = {one for one in looked_for if not one.encode("big5", "ignore")}
    assert lacking <= known, "".join(sorted(lacking - known))


def test_a_name_is_a_name_in_either_letters() -> None:
    assert not check("第一大藥房說：來了", EVERY, names=["第一大药房"])


def test_a_hit_says_why_and_what_to_write_instead() -> None:
    (hit,) = check("全国销量第一的面霜", EVERY)
    assert hit.words == "全国销量第一"
    assert "全国销量第一" in hit.why["zh"]
    assert "全国销量第一" in hit.why["en"]
    assert hit.instead.keys() == {"zh", "en"}


def test_names_are_no_claims() -> None:
    text = "最强妈妈团的朋友们，今晚八点直播"
    assert check(text, EVERY)
    assert not check(text, EVERY, names=["最强妈妈团"])
    assert check("第一大药房说：销量冠军来了", EVERY, names=["第一大药房", "", " "])
    assert check("最强的妈妈都来", EVERY, names=["最强妈妈团", "最"])


def test_blocks_come_before_warnings_and_nothing_twice() -> None:
    hits = check("完美！最好用，最好用，最好用。", EVERY)
    assert [hit.severity for hit in hits] == [Severity.BLOCK, Severity.WARN]


def test_a_rule_let_pass_blocks_no_more() -> None:
    hits = check("最好用，还能消炎", EVERY)
    assert {hit.rule for hit in blocking(hits)} == {"superlative", "medical"}
    assert {hit.rule for hit in blocking(hits, ["superlative"])} == {"medical"}


@pytest.mark.parametrize(
    ("text", "trade", "other"),
    [
        ("这款精华抗敏", "cosmetics", "digital"),
        ("这款茶助眠", "food", "clothes"),
        ("这款奶粉益智", "mother_and_baby", "household"),
    ],
)
def test_a_trades_rules_hold_for_that_trade(text: str, trade: str, other: str) -> None:
    assert blocking(check(text, rules_for("room", [trade])))
    assert not check(text, rules_for("room", [other]))


def test_a_platforms_rules_hold_on_that_platform() -> None:
    text = "觉得有用就转发到朋友圈"
    assert [hit.rule for hit in check(text, rules_for("wechat", TRADES))] == ["share-call"]
    assert not check(text, rules_for("telegram", TRADES))


def test_rewarding_shares_is_held_back_everywhere() -> None:
    for platform in ("wechat", "telegram", "room"):
        assert blocking(check("转发到朋友圈领红包", rules_for(platform, TRADES)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("玫瑰面霜到手价99元", "99元"),
        ("玫瑰面霜今晚 ¥99，精华 199 元", "¥99"),
        ("玫瑰面霜和精华：精华只要 99.5 元", "99.5 元"),
        ("玫 瑰 面 霜 9.9块", "9.9块"),
    ],
)
def test_a_price_that_is_not_the_feeds_is_told(text: str, words: str) -> None:
    (hit,) = check(text, EVERY, known_prices=PRICES)
    assert (hit.rule, hit.words) == ("price", words)


def test_the_right_price_is_told_with_the_wrong_one() -> None:
    (hit,) = check("玫瑰面霜 99 元", EVERY, known_prices=PRICES)
    assert "79.9 / 89" in hit.why["zh"]


@pytest.mark.parametrize(
    "text",
    [
        "玫瑰面霜89元",
        "玫瑰面霜 ¥89.00，精华199元",
        "玫瑰面霜立减20元，券后 79.9 元",
        "玫瑰面霜满199元减30元",
        "玫瑰面霜有10元券，定金20元",
        "玫瑰面霜两件 150 元",
        "玫瑰面霜，原价129元",
        "玫瑰面霜上新了。全场运费6元，满99元包邮",
        "面霜 59 元",
        "没有说商品：99元",
    ],
)
def test_other_sums_beside_a_product_are_no_price_of_it(text: str) -> None:
    assert not check(text, EVERY, known_prices=PRICES)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("看这里 https://bad.example/x?y=1", "bad.example"),
        ("链接：shop.example.com.evil.cn/buy", "shop.example.com.evil.cn"),
        ("HTTPS://Evil.Example", "Evil.Example"),
        ("点evilshop.example看看", "evilshop.example"),
    ],
)
def test_a_link_to_another_host_is_pointed_out(text: str, host: str) -> None:
    rules = rules_for("room", TRADES, ["shop.example", "shop.example.com"])
    (hit,) = check(text, rules)
    assert (hit.rule, hit.words, hit.severity) == ("foreign-link", host, Severity.WARN)


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.example/a",
        "看 m.shop.example/a 下单",
        "写信到 hi@else.example",
        "版本 1.2.3",
        "9.9 元.com",
    ],
)
def test_a_link_to_the_shops_own_site_is_not(text: str) -> None:
    assert not check(text, rules_for("room", TRADES, ["Shop.Example"]))


def test_everything_that_a_message_shows_is_looked_at() -> None:
    content = Content(
        "上新了",
        pictures=(Picture("p.png", "最好用的面霜"),),
        buttons=(Button("转发领红包", "/wish 1"), Button("看看", "", "https://else.example/1")),
    )
    rules = rules_for("room", TRADES, ["shop.example"])
    found = {hit.rule for hit in check_content(content, rules)}
    assert found == {"superlative", "share-reward", "foreign-link"}


@given(st.text(max_size=200))
def test_any_text_can_be_checked_and_a_hit_is_where_it_says(text: str) -> None:
    for hit in check(text, EVERY, known_prices=PRICES):
        assert text[hit.place :].startswith(hit.words)


@given(st.text(alphabet="最好第一的用转发领{}xX元¥ \n1.", max_size=80))
def test_a_hit_is_where_it_says_in_texts_full_of_hits(text: str) -> None:
    for hit in check(text, EVERY, known_prices=PRICES):
        assert text[hit.place :].startswith(hit.words)


def test_every_rule_names_its_source_and_both_languages() -> None:
    for rule in all_rules():
        assert rule.source
        for sentence in (*rule.why.values(), *rule.instead.values()):
            assert sentence
            assert not sentence.endswith(("。", "."))


GOOD = """
[[rule]]
id = "one"
severity = "block"
source = "a law"
words = ["坏话"]
[rule.why]
zh = "不能说{words}"
en = "not {words}"
[rule.instead]
zh = "好话"
en = "kindness"
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('severity = "block"', 'severity = "maybe"', "maybe"),
        ('source = "a law"', "", "source is missing"),
        ('words = ["坏话"]', 'wörds = ["坏话"]', "syntax"),
        ('words = ["坏话"]', 'word = ["坏话"]', "word is unknown"),
        ('words = ["坏话"]', "patterns = ['(']", "one"),
        ('words = ["坏话"]', 'trades = ["spying"]', "spying is no trade"),
        ('en = "kindness"', "", "instead needs zh and en"),
        ("[[rule]]", "[rules]\n[[rule]]", "no more"),
    ],
)
def test_a_broken_file_is_told_by_its_part(tmp_path: Path, old: str, new: str, said: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(RulesBroken, match=said) as told:
        read_rules(file)
    assert isinstance(told.value, NuanqunError)


def test_a_shops_file_reads_as_ours(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(GOOD, encoding="utf-8")
    (rule,) = read_rules(file)
    assert (rule.id, rule.severity) == ("one", Severity.BLOCK)


@pytest.mark.parametrize(
    "part",
    ["1", "1.", "x", "_", "a.", "最", "转发", "花1", "{{", "{%", "【", "¥1", "3天", " ", "(", "a-"],
)
def test_no_text_takes_long(part: str) -> None:
    text = (part * 4_096)[:4_096]
    began = time.process_time()
    check(text, EVERY, known_prices=PRICES)
    assert time.process_time() - began < 0.2  # some 10 ms, where nothing is tried twice
