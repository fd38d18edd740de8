"""The section of the narrative: off by default, one clear sentence where it is wrong, no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.configuration import Configuration, ConfigurationInvalid, load
from bot.doctor import examine
from bot.secret_files import SecretUnreadable

KEY = "sk-geheim-1"
VALID = '[narrative]\nurl = "https://api.example.com/v1"\nmodel = "small-1"\n'


@pytest.fixture(autouse=True)
def _nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def loaded(text: str) -> Configuration:
    Path("shop.toml").write_text(text, encoding="utf-8")
    return load(Path("shop.toml"))


def test_it_is_off_by_default() -> None:
    assert load().narrative.endpoint() is None


def test_it_names_an_endpoint_and_a_model() -> None:
    endpoint = loaded(VALID).narrative.endpoint()
    assert (
        repr(endpoint) == "ChatEndpoint('https://api.example.com/v1/chat/completions', 'small-1')"
    )


@pytest.mark.parametrize("ending", ["", "/", "/chat/completions"])
def test_an_address_may_be_copied_from_where_it_stands(ending: str) -> None:
    url = f"http://127.0.0.1:11434/v1{ending}"
    assert loaded(f'[narrative]\nurl = "{url}"\nmodel = "m"\n').narrative.url == (
        "http://127.0.0.1:11434/v1"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[narrative]\nurl = "https://api.example.com/v1"\n', "model's name is needed"),
        ('[narrative]\nurl = "api.example.com"\nmodel = "m"\n', "such as https://api.example"),
        ('[narrative]\nurl = "https://me:pw@x.example"\nmodel = "m"\n', "such as https://api"),
        ('[narrative]\nurl = "https://x.example:99999"\nmodel = "m"\n', "such as https://api"),
        (f'{VALID}key = "two words"\n', "without blanks"),
        (f'{VALID}keys = "x"\n', "there is no such key"),
    ],
)
def test_one_clear_sentence_where_it_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ConfigurationInvalid, match=says) as trouble:
        loaded(text)
    assert "two words" not in str(trouble.value)


def test_the_key_may_stand_in_a_file_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("key").write_text(f"{KEY}\n")
    of_file = loaded(f'{VALID}key_file = "key"\n').narrative
    monkeypatch.setenv("NUANQUN_NARRATIVE__KEY", KEY)
    of_environment = loaded(VALID).narrative
    for section in (of_file, of_environment):
        endpoint = section.endpoint()
        assert endpoint is not None
        assert endpoint._key is not None
        assert endpoint._key.get_secret_value() == KEY
        assert KEY not in f"{section!r} {endpoint!r} {section.model_dump()}"


async def test_a_key_that_is_not_there_is_the_doctor_s_finding_too() -> None:
    with pytest.raises(SecretUnreadable, match=r"narrative\.key_file"):
        loaded(f'{VALID}key_file = "gone"\n').narrative.endpoint()
    found = {one.check: one for one in await examine(Path("shop.toml"))}
    assert not found["narrative"].well
    loaded(f'{VALID}key = "{KEY}"\n')
    found = {one.check: one for one in await examine(Path("shop.toml"))}
    assert found["narrative"].well
    assert KEY not in found["narrative"].found
