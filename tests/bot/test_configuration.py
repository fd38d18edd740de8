"""The configuration: one file, the environment on top, and one clear sentence when it is wrong."""

from __future__ import annotations

import shutil
from datetime import time
from pathlib import Path

import pytest

from bot.configuration import (
    Configuration,
    ConfigurationInvalid,
    ConfigurationUnreadable,
    load,
)
from docs.generate import TOP
from handlers.settings import ConfiguredWords
from insights.lexicon import TRADES
from scheduler.caring import CareSettings


@pytest.fixture(autouse=True)
def _nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "shop.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_file_every_key_has_its_default(tmp_path: Path) -> None:
    shutil.copy(TOP / "config.example.toml", tmp_path)
    assert load() == load(Path("config.example.toml"))


def test_the_shops_own_files_are_beside_the_configuration_wherever_the_bot_starts(
    tmp_path: Path,
) -> None:
    place = tmp_path / "etc"
    place.mkdir()
    shop = load(written(place, '[programmes]\nnodes = "/srv/nodes"\n')).shop_settings()
    assert shop.programmes == place / "programmes"
    assert shop.nodes == Path("/srv/nodes")
    assert load().shop_settings().programmes == Path("programmes")


def test_the_file_named_nuanqun_toml_is_read_by_itself(tmp_path: Path) -> None:
    (tmp_path / "nuanqun.toml").write_text('[shop]\nname = "禾露"\n', encoding="utf-8")
    assert load().shop.name == "禾露"


def test_the_environment_goes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUANQUN_SHOP__NAME", "小店")
    assert load(written(tmp_path, '[shop]\nname = "禾露"\nslogan = "慢"\n')).shop.name == "小店"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[shop]\nnam = "x"\n', ["shop.nam", "no such key"]),
        ("[shop]\nname = 3\n", ["shop.name", "3", "valid string"]),
        ('[shop]\nzone = "Asia/Shanghi"\n', ["shop.zone", "Asia/Shanghi", "time zone"]),
        ('[shop]\nlanguage = "fr"\n', ["shop.language", "fr", "'zh' or 'en'"]),
        ("[storage]\nkeep_text_days = 0\n", ["storage.keep_text_days", "0", "greater than"]),
        ("[room]\nport = 70000\n", ["room.port", "70000", "65535"]),
        ("[telepathy]\n", ["telepathy", "no such key"]),
        ('[care]\nquiet_from = "25:00"\n', ["care.quiet_from", "'25:00'", "such as 22:00"]),
        ('[care]\nquiet_from = "9:00"\n', ["care.quiet_from", "'9:00'", "such as 22:00"]),
        ("[care]\nquiet_until = 9\n", ["care.quiet_until", "9", "valid string"]),
        (
            '[care]\nquiet_from = "09:10"\n',
            ["care.quiet_until", "'09:00'", "at least half an hour of a day"],
        ),
        ("[care]\nposts_a_day = 0\n", ["care.posts_a_day", "0", "greater than"]),
        (
            '[insights]\ntrades = ["food", "toys"]\n',
            ["insights.trades.1", "'toys'", "a trade is one of cosmetics, food"],
        ),
    ],
)
def test_a_wrong_key_is_named_with_what_was_found_and_what_is_allowed(
    tmp_path: Path, text: str, said: list[str]
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigurationInvalid) as caught:
        load(file)
    for part in [str(file), *said]:
        assert part in str(caught.value)


@pytest.mark.parametrize("text", ["[shop\n", "\x00", "a = b = c"])
def test_what_is_not_toml_is_said_in_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationUnreadable) as caught:
        load(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationUnreadable, match=r"gone\.toml.*No such file"):
        load(tmp_path / "gone.toml")


def test_the_database_s_password_is_in_no_repr_and_no_error(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://shop:geheim@db/nuanqun"
    configuration = load(written(tmp_path, f'[storage]\nurl = "{url}"\n'))
    assert "geheim" not in repr(configuration)
    with pytest.raises(ConfigurationInvalid) as caught:
        load(written(tmp_path, '[storage]\nurl = ["geheim"]\n'))
    assert "geheim" not in str(caught.value)


def test_settings_reach_the_floors() -> None:
    configuration = Configuration.model_validate(
        {"tags": {"silent_days": 9}, "storage": {"keep_text_days": 12}}
    )
    shop = configuration.shop_settings()
    assert (shop.silent_after.days, shop.text_kept_for.days) == (9, 12)


def test_words_are_told_with_the_trades_of_the_shop(tmp_path: Path) -> None:
    text = '[insights]\nwords = ["云絮"]\nthings = {"云絮霜" = ["小云"]}\ntrades = ["food"]\n'
    told = load(written(tmp_path, text)).configured_words()
    assert told == ConfiguredWords(("云絮",), {"云絮霜": ("小云",)}, ("food",))
    assert load().configured_words() == ConfiguredWords(trades=TRADES)


def test_care_is_told_in_wall_times_and_caps(tmp_path: Path) -> None:
    text = (
        '[shop]\nzone = "Europe/Berlin"\n'
        '[care]\nquiet_from = "21:30"\nquiet_until = "08:00"\nposts_a_day = 2\nprivate_a_week = 4\n'
    )
    care = load(written(tmp_path, text)).care_settings()
    assert care == CareSettings(
        zone="Europe/Berlin",
        quiet_from=time(21, 30),
        quiet_until=time(8),
        posts_a_day=2,
        private_a_week=4,
    )
    assert load().care_settings() == CareSettings()


def test_equal_times_mean_no_quiet_hours(tmp_path: Path) -> None:
    text = '[care]\nquiet_from = "00:00"\nquiet_until = "00:00"\n'
    care = load(written(tmp_path, text)).care_settings()
    assert care.quiet_from == care.quiet_until
