"""The section of a Telegram bot: what it takes, one clear sentence where it is wrong, no secret."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.configuration import (
    Configuration,
    ConfigurationInvalid,
    ConfigurationUnreadable,
    load,
)
from bot.secret_files import SecretUnreadable
from docs.generate import TOP

TOKEN = "123456789:AAE-geheim_1"  # it looks like one, and no bot has it
VALID = f'[telegram.shop]\ntoken = "{TOKEN}"\n'
WEBHOOK = f'{VALID}mode = "webhook"\n'


@pytest.fixture(autouse=True)
def _nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def loaded(text: str) -> Configuration:
    Path("shop.toml").write_text(text, encoding="utf-8")
    return load(Path("shop.toml"))


def test_without_a_section_there_is_no_account() -> None:
    assert load().telegram == {}


def test_the_example_s_section_works_once_a_token_is_in_it() -> None:
    example = (TOP / "config.example.toml").read_text(encoding="utf-8")
    (section,) = re.findall(r"^# (\[telegram\.shop\]\n(?:#.*\n)+)", example, re.MULTILINE)
    uncommented = re.sub(r"^# (?=\w+ = [^(]*$)", "", section, flags=re.MULTILINE)
    written = uncommented.replace("token_file =  (not set)", "").replace(
        "# token =  (not set)", f'token = "{TOKEN}"'
    )
    assert loaded(written).telegram == loaded(VALID).telegram


def test_any_number_of_bots_stand_beside_each_other() -> None:
    accounts = loaded(f'{VALID}[telegram.shop_2]\ntoken = "2:b"\nport = 9000\n').telegram
    tokens = {name: one.token_for(name).get_secret_value() for name, one in accounts.items()}
    assert tokens == {"shop": TOKEN, "shop_2": "2:b"}


def test_a_token_may_come_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANQUN_TELEGRAM__SHOP__TOKEN", TOKEN)
    assert load().telegram["shop"].token_for("shop").get_secret_value() == TOKEN


def test_a_token_of_the_environment_goes_before_the_file_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUANQUN_TELEGRAM__SHOP__TOKEN", TOKEN)
    shop = loaded('[telegram.shop]\ntoken_file = "token"\nport = 9000\n').telegram["shop"]
    assert (shop.token_for("shop").get_secret_value(), shop.port) == (TOKEN, 9000)


def test_a_token_and_a_secret_may_stand_in_files() -> None:
    Path("token").write_text(f"{TOKEN}\n")
    Path("secret").write_text("knock-knock\n")
    shop = loaded(
        '[telegram.shop]\ntoken_file = "token"\nsecret_file = "secret"\nmode = "webhook"\n'
        'url = "https://bot.example.com/"\n'
    ).telegram["shop"]
    secret = shop.secret_for("shop")
    assert shop.token_for("shop").get_secret_value() == TOKEN
    assert secret is not None
    assert secret.get_secret_value() == "knock-knock"


def test_without_a_secret_there_is_none_to_read() -> None:
    assert loaded(VALID).telegram["shop"].secret_for("shop") is None


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (None, "No such file"),
        (b"", "a bot's token should be in it"),
        (b"geheim", "a bot's token should be in it"),
        (b"1:geheim\n2:geheim\n", "a bot's token should be in it"),
        (b"1:geheim\xff", "it is no text"),
    ],
)
def test_a_file_without_a_token_is_named_but_not_quoted(held: bytes | None, said: str) -> None:
    if held is not None:
        Path("token").write_bytes(held)
    shop = loaded('[telegram.shop]\ntoken_file = "token"\n').telegram["shop"]
    with pytest.raises(SecretUnreadable) as caught:
        shop.token_for("shop")
    assert str(caught.value).startswith(
        "telegram.shop.token_file names token, which cannot be read"
    )
    assert said in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'[telegram]\ntoken = "{TOKEN}"\n', ["telegram.token is no section", "[telegram.shop]"]),
        (f'telegram = "{TOKEN}"\n', ["telegram is no section", "[telegram.shop]"]),
        (f'[[telegram]]\ntoken = "{TOKEN}"\n', ["telegram is no section", "[telegram.shop]"]),
        (f'[telegram.Shop]\ntoken = "{TOKEN}"\n', ["telegram.Shop is given", "small letters"]),
        (f'[telegram.a__b]\ntoken = "{TOKEN}"\n', ["telegram.a__b is given", "single _"]),
        ("[telegram.shop]\n", ["telegram.shop.token is not set", "BotFather"]),
        ('[telegram.shop]\ntoken = ""\n', ["telegram.shop.token is a secret", "123456789:"]),
        ('[telegram.shop]\ntoken = "geheim"\n', ["telegram.shop.token is a secret", "123456789:"]),
        ('[telegram.shop]\ntoken = "1:geheim b"\n', ["telegram.shop.token is a secret"]),
        ('[telegram.shop]\ntoken = ["geheim"]\n', ["telegram.shop.token is a secret", "string"]),
        (f'{VALID}tokn = "geheim"\n', ["telegram.shop.tokn is given", "no such key"]),
        (f'{VALID}secret = "geheim!"\n', ["telegram.shop.secret is a secret", "256"]),
        (f'{VALID}api = "api.telegram.org"\n', ["telegram.shop.api", "https://api.telegram.org"]),
        (f'{VALID}mode = "push"\n', ["telegram.shop.mode is 'push'", "'polling' or 'webhook'"]),
        (WEBHOOK, ["telegram.shop.url is ''", "https://bot.example.com/"]),
        (f'{WEBHOOK}url = "http://a.example/"\n', ["telegram.shop.url", "https address"]),
        (f'{WEBHOOK}url = "https://a.example:8767/"\n', ["telegram.shop.url", "8443"]),
        (f'{WEBHOOK}url = "https://a.example:x/"\n', ["telegram.shop.url", "https address"]),
        (f"{VALID}welcome_minutes = -1\n", ["telegram.shop.welcome_minutes is -1"]),
        (f"{VALID}welcome_minutes = 2000\n", ["telegram.shop.welcome_minutes is 2000", "1440"]),
    ],
)
def test_a_wrong_section_is_one_sentence_without_a_secret(text: str, said: list[str]) -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        loaded(text)
    for part in ["In shop.toml, ", *said]:
        assert part in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_variable_that_should_hold_a_section_is_not_quoted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NUANQUN_TELEGRAM", TOKEN)
    with pytest.raises(ConfigurationUnreadable, match=r'environment.*"telegram".*JSON') as caught:
        load()
    assert "geheim" not in str(caught.value)


def test_a_bot_api_server_of_one_s_own_may_call_without_tls_and_at_any_port() -> None:
    text = f'{WEBHOOK}api = "http://127.0.0.1:8081/"\nurl = "http://127.0.0.1:8767/updates"\n'
    shop = loaded(text).telegram["shop"]
    assert (shop.api, shop.url) == ("http://127.0.0.1:8081", "http://127.0.0.1:8767/updates")


def test_a_token_is_in_no_repr() -> None:
    configuration = loaded(f'{VALID}secret = "geheim"\n')
    assert "geheim" not in repr(configuration)
    assert "geheim" not in configuration.model_dump_json()


def test_a_welcome_stays_as_long_as_its_account_says() -> None:
    text = f'{VALID}[telegram.quiet]\ntoken = "2:b"\nwelcome_minutes = 0\n'
    assert loaded(text).shop_settings().welcome_stays == {"telegram:shop": timedelta(minutes=10)}
