"""The sections of arrivals: nothing by default, one clear sentence where they are wrong."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.configuration import Configuration, ConfigurationInvalid, load
from bot.secret_files import SecretUnreadable
from handlers.arrivals.rules import ArrivalRules, FeedKind, FeedRules

SECRET = "ein-langes-geheimnis-1"


@pytest.fixture(autouse=True)
def _nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def loaded(text: str) -> Configuration:
    Path("shop.toml").write_text(text, encoding="utf-8")
    return load(Path("shop.toml"))


def test_without_a_word_there_is_no_feed_no_door_and_a_manager_approves() -> None:
    configuration = load()
    assert configuration.arrival_rules() == ArrivalRules()
    assert configuration.arrivals.port == 0
    assert configuration.arrival_rules().approve


def test_everything_that_is_written_reaches_the_floor_below() -> None:
    Path("secret").write_text(f"{SECRET}\n")
    configuration = loaded(
        "[arrivals]\napprove = false\nhours_apart = 2\nlist_from = 5\neverywhere = true\n"
        'early_hours = 1.5\nregulars = "熟客"\n'
        'early_words = "{{ fan }}，有小样：{{ coupon:老客券 }}"\n'
        "most_new_a_day = 9\n"
        "largest_drop = 0.5\n"
        '[feeds.web]\nkind = "woocommerce"\nurl = "https://shop.example/"\ncurrency = "EUR"\n'
        'every_minutes = 5\nfollows = ["WWW.shop.example"]\nuser = "ck"\npassword = "cs"\n'
        'secret_file = "secret"\n'
    )
    rules = configuration.arrival_rules()
    feed = rules.feeds["web"]
    assert feed.password is not None
    assert feed.secret is not None
    assert (feed.password.get_secret_value(), feed.secret.get_secret_value()) == ("cs", SECRET)
    assert feed == FeedRules(
        "web",
        FeedKind.WOOCOMMERCE,
        url="https://shop.example/",
        currency="EUR",
        every=timedelta(minutes=5),
        follows=("www.shop.example",),
        user="ck",
        password=feed.password,
        secret=feed.secret,
    )
    assert rules == ArrivalRules(
        feeds={"web": feed},
        approve=False,
        apart=timedelta(hours=2),
        digest_from=5,
        everywhere=True,
        regulars="熟客",
        early=timedelta(hours=1.5),
        early_words="{{ fan }}，有小样：{{ coupon:老客券 }}",
        most_new=9,
        largest_drop=Decimal("0.5"),
    )
    assert SECRET not in f"{configuration!r} {rules!r}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[feeds.web]\nurl = "shop.example"\n', "such as https://shop"),
        ('[feeds.web]\nurl = "ftp://shop.example/"\n', "such as https://shop"),
        ('[feeds.web]\nurl = "https://me:pw@shop.example/"\n', "such as https://shop"),
        ('[feeds.web]\nkind = "xml"\n', "shopify"),
        ('[feeds.web]\ncurrency = "yuan"\n', "three letters"),
        ('[feeds.web]\nfollows = ["https://x.example"]\n', "hosts such as"),
        ('[feeds.web]\nsecret = "short"\n', "at least 16"),
        ('[feeds.web]\npassword = "two words"\n', "without blanks"),
        ('[feeds.Web]\nurl = ""\n', "small letters"),
        ("[arrivals]\nlargest_drop = 1\n", "less than 1"),
        ('[arrivals]\nearly_words = "{{ fan"\n', "NQ313"),
        ('[arrivals]\nearly_words = "{{ shop }}"\n', "not known here"),
        ('[arrivals]\nearly_words = "{{ coupon:a }}{{ coupon:b }}"\n', "not of several"),
        ("[arrivals]\naprove = true\n", "no such key"),
    ],
)
def test_one_clear_sentence_where_it_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=says) as trouble:
        loaded(text)
    assert "two words" not in str(trouble.value)


@pytest.mark.parametrize("key", ["password_file", "secret_file"])
def test_a_secret_that_is_not_there_is_named(key: str) -> None:
    with pytest.raises(SecretUnreadable, match=rf"feeds\.web\.{key}"):
        loaded(f'[feeds.web]\n{key} = "gone"\n').arrival_rules()
