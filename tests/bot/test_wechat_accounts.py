"""`nuanqun run` with a WeChat account: what whoever starts it is told."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.bot.program import PATIENCE, call, serving
from tests.peers.postgres import free_port


def wechat(port: int) -> str:
    return f'[wechat.shop]\nendpoint = "127.0.0.1:{port}"\ntoken = "geheim"\naccept_risk = true\n'


@pytest.mark.usefixtures("configured")
def test_the_room_is_served_while_a_gateway_is_away_and_the_first_manager_is_told_of(
    here: Path,
) -> None:
    (here / "nuanqun.toml").write_text(f"[room]\nport = 0\n{wechat(free_port())}")
    with serving(here) as (bot, lines):
        said = "".join(lines)
        bot.send_signal(signal.SIGTERM)
        _, rest = bot.communicate(timeout=PATIENCE)
        assert bot.returncode == 0
    assert "account_at_risk" in said
    assert "docs/how-to/wechat.md" in said
    assert "account_not_opened" in said
    assert "(NQ550)" in said
    url = said.partition("The room: ")[2].partition("\n")[0]
    assert f"The accounts, for managers: {url}/accounts\n" in said
    assert "Manager, once: send wechat:shop in private: /start " in said
    assert "Traceback" not in said + rest.decode()
    assert "geheim" not in said + rest.decode()


@pytest.mark.usefixtures("configured")
def test_a_bot_of_nothing_but_a_gateway_that_is_away_ends_with_one_sentence(here: Path) -> None:
    (here / "nuanqun.toml").write_text(f"[room]\nenabled = false\n{wechat(free_port())}")
    ended = call("run")
    assert ended.code == 1
    last = ended.err.splitlines()[-1]
    assert last.startswith("The WeChat gateway 127.0.0.1:")
    assert last.endswith("(NQ550)")
    assert "Traceback" not in ended.err
