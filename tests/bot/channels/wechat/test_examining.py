"""The doctor at a WeChat account: each thing that can be wrong is named, with its mend."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from bot.channels.wechat.building import connection
from bot.channels.wechat.examining import examine
from bot.channels.wechat.gateway import LoggedIn
from bot.channels.wechat.reaching import protects_nobody
from bot.findings import Finding
from bot.wechat_section import WeChat
from tests.peers.postgres import free_port
from tests.peers.wechat.gateway import ME, GatewayProcess, running

NAME = "gate.example"


def section(endpoint: str, token: str | None = None, **more: object) -> WeChat:
    given = {"endpoint": endpoint, "token": token or "geheim", "accept_risk": True, **more}
    return WeChat.model_validate(given)


def names_in(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


async def found(of: WeChat, data: Path) -> dict[str, Finding]:
    """What the doctor finds, by what it looked at."""
    findings = await examine("shop", of, data)
    for one in findings:
        assert one.well is (not one.mend), one
        assert "geheim" not in one.line()
    return {one.check: one for one in findings}


async def trouble(of: WeChat, data: Path) -> Finding:
    """The one thing that is in the way to the gateway."""
    findings = await found(of, data)
    assert "wechat:shop log-in" not in findings
    assert not findings["wechat:shop"].well
    return findings["wechat:shop"]


@asynccontextmanager
async def server(answers: bytes) -> AsyncIterator[str]:
    """Some program that says something to whoever talks to it; where it listens."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answers)
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listening:
        yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"


def certified(
    authority: trustme.CA, folder: Path, name: str = NAME
) -> tuple[Mapping[str, str], Path]:
    """What a gateway needs to be known by that name, and the file of who signed for it."""
    leaf = authority.issue_cert(name)
    file = folder / "ca.pem"
    authority.cert_pem.write_to_path(file)
    chain = "".join(one.bytes().decode() for one in leaf.cert_chain_pems)
    return {"certificate": chain, "key": leaf.private_key_pem.bytes().decode()}, file


# Without a gateway


async def test_a_token_that_cannot_be_read_is_all_there_is_to_say(tmp_path: Path) -> None:
    of = WeChat.model_validate({"token_file": tmp_path / "gone", "accept_risk": True})
    said = await trouble(of, tmp_path)
    assert said.found.startswith("wechat.shop.token_file names ")


async def test_nobody_there_is_said_with_the_address(tmp_path: Path) -> None:
    port = free_port()
    said = await trouble(section(f"127.0.0.1:{port}"), tmp_path)
    assert f"nobody answers at 127.0.0.1:{port}: " in said.found
    assert "endpoint" in said.mend


async def test_a_name_that_no_host_has_is_said(tmp_path: Path) -> None:
    authority = trustme.CA()
    _, file = certified(authority, tmp_path)
    said = await trouble(section("nobody.invalid:8788", ca_file=file), tmp_path)
    assert "nobody answers at nobody.invalid:8788: " in said.found


@pytest.mark.parametrize("answers", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"SSH-2.0-x\r\n"])
async def test_another_program_is_no_gateway(tmp_path: Path, answers: bytes) -> None:
    async with server(answers) as endpoint:
        said = await trouble(section(endpoint), tmp_path)
    assert said.found == f"what answers at {endpoint} is no gateway."


@pytest.mark.parametrize(
    ("held", "why"), [(None, "No such file"), (b"no certificate", "it holds no certificate")]
)
async def test_a_file_without_a_certificate_is_named(
    tmp_path: Path, held: bytes | None, why: str
) -> None:
    file = tmp_path / "ca.pem"
    if held is not None:
        file.write_bytes(held)
    said = await trouble(section("127.0.0.1:1", ca_file=file), tmp_path)
    assert said.found.startswith(f"{file} cannot be used: {why}")
    assert "ca_file" in said.mend


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "data"
    blocked.write_text("a file")
    of = section(f"127.0.0.1:{free_port()}")
    folder = (await found(of, blocked))["wechat:shop data"]
    assert f"{blocked}{os.sep}wechat{os.sep}shop cannot be written" in folder.found
    assert "room.data" in folder.mend
    assert (await found(of, tmp_path))["wechat:shop data"].well
    assert names_in(tmp_path) == ["data"]


# With a real gateway


@pytest.fixture
async def gateway() -> AsyncIterator[GatewayProcess]:
    async with running() as started:
        yield started


def plain(gateway: GatewayProcess, token: str | None = None) -> WeChat:
    return section(gateway.endpoint, token or gateway.token)


@asynccontextmanager
async def bot(of: WeChat, until: type[object]) -> AsyncIterator[None]:
    """Somebody listens, has the account started, and has heard this."""
    client = connection("shop", of)
    await client.open()
    events = client.events()
    try:
        await anext(events)
        await client.start()
        async for event in events:
            if isinstance(event, until):
                break
        yield
    finally:
        await events.aclose()
        await client.close()


@pytest.mark.peer
async def test_a_gateway_whose_account_is_logged_in_is_well(
    gateway: GatewayProcess, tmp_path: Path
) -> None:
    await gateway.login()
    async with bot(plain(gateway), LoggedIn):
        pass
    for _ in range(2):  # looking changes nothing
        findings = await found(plain(gateway), tmp_path)
        assert findings["wechat:shop"].found.startswith("puppet ")
        assert findings["wechat:shop log-in"].found == f"logged in as {ME}"
        assert all(one.well for one in findings.values())


@pytest.mark.peer
async def test_an_account_that_is_not_logged_in_is_said_and_not_started(
    gateway: GatewayProcess, tmp_path: Path
) -> None:
    await gateway.login()
    findings = await found(plain(gateway), tmp_path)
    assert findings["wechat:shop"].well
    assert findings["wechat:shop log-in"].found == "the account is not logged in."
    assert "start" not in await gateway.calls()


@pytest.mark.peer
async def test_an_account_that_waits_for_its_code_is_said(
    gateway: GatewayProcess, tmp_path: Path
) -> None:
    of = plain(gateway)
    client = connection("shop", of)
    await client.open()
    await client.start()
    await client.close()
    await gateway.command("scan", code="https://login.example/1")
    log_in = (await found(of, tmp_path))["wechat:shop log-in"]
    assert log_in.found == "the account waits for its code to be scanned."


@pytest.mark.peer
async def test_a_listener_is_found_and_not_disturbed(
    gateway: GatewayProcess, tmp_path: Path
) -> None:
    await gateway.login()
    of = plain(gateway)
    async with bot(of, LoggedIn):
        log_in = (await found(of, tmp_path))["wechat:shop log-in"]
        assert log_in.found == "somebody listens to this gateway already."
        assert "Nothing to do if that is this bot" in log_in.mend
        log_in = (await found(of, tmp_path))["wechat:shop log-in"]
        assert log_in.found == "somebody listens to this gateway already."


@pytest.mark.peer
async def test_a_wrong_token_is_refused(gateway: GatewayProcess, tmp_path: Path) -> None:
    said = await trouble(plain(gateway, "geheim"), tmp_path)
    assert "refuses the token" in said.found


@pytest.mark.peer
async def test_tls_that_one_side_alone_wants_is_said(
    gateway: GatewayProcess, tmp_path: Path
) -> None:
    parts, file = certified(trustme.CA(), tmp_path)
    of = section(gateway.endpoint, ca_file=file, server_name=NAME)
    said = await trouble(of, tmp_path)
    assert "speaks without TLS, and ca_file asks for it" in said.found
    async with running(tls=parts) as guarded:
        said = await trouble(plain(guarded), tmp_path)
    assert "wants TLS, and no ca_file is set" in said.found


@pytest.mark.peer
async def test_a_certificate_is_taken_from_its_signer_and_under_its_name_alone(
    tmp_path: Path,
) -> None:
    parts, file = certified(trustme.CA(), tmp_path)
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(stranger)
    async with running(tls=parts) as guarded:
        of = section(guarded.endpoint, guarded.token, ca_file=file, server_name=NAME)
        findings = await found(of, tmp_path)
        assert findings["wechat:shop"].well
        assert findings["wechat:shop wire"].found == f"trusts {file} alone"
        said = await trouble(of.model_copy(update={"server_name": ""}), tmp_path)
        assert "made out to another name than 127.0.0.1" in said.found
        assert "server_name" in said.mend
        said = await trouble(of.model_copy(update={"ca_file": stranger}), tmp_path)
        assert "was not signed by ca_file" in said.found


@pytest.mark.peer
async def test_the_certificate_that_everybody_holds_is_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    async with running(tls={}) as guarded:
        file.write_text(guarded.authority)
        of = section(guarded.endpoint, guarded.token, ca_file=file, server_name="insecure")
        findings = await found(of, tmp_path)
    assert findings["wechat:shop"].well
    assert "its key is known to everybody" in findings["wechat:shop wire"].found
    authority = trustme.CA()
    authority.cert_pem.write_to_path(file)
    assert not protects_nobody(file)
