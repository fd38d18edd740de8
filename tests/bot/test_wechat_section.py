"""The section of a WeChat account: what it takes, one clear sentence if it is wrong, no secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.configuration import Configuration, ConfigurationInvalid, load
from bot.secret_files import SecretUnreadable
from bot.wechat_section import endpoint_parts, is_this_machine
from docs.generate import TOP

VALID = '[wechat.shop]\ntoken = "geheim"\naccept_risk = true\n'
ELSEWHERE = f'{VALID}endpoint = "gate.example:8788"\n'


@pytest.fixture(autouse=True)
def _nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def loaded(text: str) -> Configuration:
    Path("shop.toml").write_text(text, encoding="utf-8")
    return load(Path("shop.toml"))


def test_without_a_section_there_is_no_account() -> None:
    assert load().wechat == {}


def test_the_example_s_section_works_once_a_token_is_in_it_and_the_risk_is_accepted() -> None:
    example = (TOP / "config.example.toml").read_text(encoding="utf-8")
    (section,) = re.findall(r"^# (\[wechat\.shop\]\n(?:#.*\n)+)", example, re.MULTILINE)
    uncommented = re.sub(r"^# (?=\w+ = [^(]*$)", "", section, flags=re.MULTILINE)
    written = uncommented.replace("# token =  (not set)", 'token = "geheim"').replace(
        "accept_risk = false", "accept_risk = true"
    )
    assert loaded(written).wechat == loaded(VALID).wechat


def test_an_account_can_be_brought_into_a_group_by_anybody() -> None:
    text = f'{VALID}[wechat.vip]\ntoken = "b"\naccept_risk = true\nendpoint = "localhost:1"\n'
    assert loaded(text).shop_settings().open_accounts == {"wechat:shop", "wechat:vip"}


def test_a_token_may_come_from_the_environment_and_goes_before_the_file_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NUANQUN_WECHAT__SHOP__TOKEN", "geheim")
    shop = loaded('[wechat.shop]\ntoken_file = "token"\naccept_risk = true\n').wechat["shop"]
    assert shop.token_for("shop").get_secret_value() == "geheim"


def test_a_token_may_stand_in_a_file() -> None:
    Path("token").write_text("geheim\n")
    shop = loaded('[wechat.shop]\ntoken_file = "token"\naccept_risk = true\n').wechat["shop"]
    assert shop.token_for("shop").get_secret_value() == "geheim"


@pytest.mark.parametrize(
    ("held", "said"),
    [(None, "No such file"), (b"", "should be in it"), (b"ge heim", "should be in it")],
)
def test_a_file_without_a_token_is_named_but_not_quoted(held: bytes | None, said: str) -> None:
    if held is not None:
        Path("token").write_bytes(held)
    shop = loaded('[wechat.shop]\ntoken_file = "token"\naccept_risk = true\n').wechat["shop"]
    with pytest.raises(SecretUnreadable, match=said) as caught:
        shop.token_for("shop")
    assert str(caught.value).startswith("wechat.shop.token_file names token, which cannot be read")
    assert "heim" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[wechat]\ntoken = "geheim"\n', ["wechat.token is no section", "[wechat.shop]"]),
        ('wechat = "geheim"\n', ["wechat is no section", "[wechat.shop]"]),
        (f"{VALID}[wechat.Shop]\n", ["wechat.Shop", "small letters"]),
        ("[wechat.shop]\naccept_risk = true\n", ["wechat.shop.token is not set", "token_file"]),
        ('[wechat.shop]\ntoken = ""\n', ["wechat.shop.token is a secret", "without a space"]),
        ('[wechat.shop]\ntoken = "geheim b"\n', ["wechat.shop.token is a secret"]),
        ('[wechat.shop]\ntoken = "geheim密"\n', ["wechat.shop.token is a secret"]),
        (f'{VALID}tokn = "geheim"\n', ["wechat.shop.tokn is given", "no such key"]),
        (
            '[wechat.shop]\ntoken = "geheim"\n',
            ["wechat.shop.accept_risk is False", "must be true", "ban", "docs/how-to/wechat.md"],
        ),
        (
            '[wechat.shop]\ntoken = "geheim"\naccept_risk = false\n',
            ["wechat.shop.accept_risk is False"],
        ),
        (ELSEWHERE, ["wechat.shop.ca_file is not set", "gate.example:8788 is another machine"]),
        (f'{VALID}endpoint = "10.0.0.1:8788"\n', ["wechat.shop.ca_file is not set"]),
        (f"{VALID}seconds_between = 0.5\n", ["wechat.shop.seconds_between is 0.5", "1"]),
        (f"{VALID}room_a_minute = 21\n", ["wechat.shop.room_a_minute is 21", "20"]),
        (f"{VALID}room_a_minute = 0\n", ["wechat.shop.room_a_minute is 0"]),
        (f"{VALID}messages_a_day = 301\n", ["wechat.shop.messages_a_day is 301", "300"]),
        (f"{VALID}pause_from = 0.1\n", ["wechat.shop.pause_from is 0.1", "0.5"]),
        (f"{VALID}pause_until = 2\n", ["wechat.shop.pause_until is 2", "3"]),
        (f"{VALID}pause_from = 5\n", ["wechat.shop.pause_until is 3", "at least pause_from, 5"]),
    ],
)
def test_a_wrong_section_is_one_sentence_without_a_secret(text: str, said: list[str]) -> None:
    with pytest.raises(ConfigurationInvalid) as caught:
        loaded(text)
    for part in ["In shop.toml, ", *said]:
        assert part in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("endpoint", "parts"),
    [
        ("127.0.0.1:8788", ("127.0.0.1", 8788)),
        ("Gate.example:1", ("gate.example", 1)),
        ("[::1]:65535", ("::1", 65535)),
    ],
)
def test_an_endpoint_is_a_host_and_a_port(endpoint: str, parts: tuple[str, int]) -> None:
    assert endpoint_parts(endpoint) == parts


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "gate",
        "gate:",
        ":8788",
        "gate:0",
        "gate:65536",
        "gate:x",
        "http://gate:1",
        "gate:1/a",
        "me@gate:1",
        "gate:1?a",
        "gate:1#a",
        "::1:8788",
        "[::1]",
        "门:1",
    ],
)
def test_what_is_no_endpoint_is_said(wrong: str) -> None:
    with pytest.raises(
        ConfigurationInvalid, match=r"wechat\.shop\.endpoint is .*127\.0\.0\.1:8788"
    ):
        loaded(f'{VALID}endpoint = "{wrong}"\n')


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104 (nothing listens there; it is a name to judge)
        ("10.0.0.1", False),
        ("localhost.example", False),
    ],
)
def test_only_this_machine_s_own_names_need_no_certificate(host: str, here: bool) -> None:  # noqa: FBT001 (a table's column)
    assert is_this_machine(host) is here


def test_a_gateway_elsewhere_is_known_by_its_certificate_s_name() -> None:
    named = loaded(f'{ELSEWHERE}ca_file = "ca.pem"\nserver_name = "insecure"\n').wechat["shop"]
    unnamed = loaded(f'{ELSEWHERE}ca_file = "ca.pem"\n').wechat["shop"]
    assert (named.certified_name, unnamed.certified_name) == ("insecure", "gate.example")


def test_a_token_is_in_no_repr() -> None:
    configuration = loaded(VALID)
    assert "geheim" not in repr(configuration)
    assert "geheim" not in configuration.model_dump_json()
