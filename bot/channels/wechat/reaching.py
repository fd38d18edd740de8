"""Why a gateway cannot be reached, told apart more finely than a failed call can.

Before anything of the bot's is sent (the token least of all), the doctor knocks here: is somebody
there, do both sides speak TLS, or both plainly, is the certificate signed by whom the configuration
trusts and made out to the name it says, and does HTTP/2 answer. RFC 9113, section 3.4: whoever
connects sends a fixed greeting, and a server's first frame is SETTINGS.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from bot.channels.wechat.wire import Trust, trusting

DEADLINE = 10.0
"""Seconds that one knock may take."""

# The greeting of a client, with an empty SETTINGS frame behind it.
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_FRAME_HEAD = 9  # bytes: a length of three, the type, flags, the stream's number
_SETTINGS = 4

# https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
_NOT_YET_VALID, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
# What every copy of the npm package wechaty-puppet-service holds (`src/auth/ca.ts`), beside the
# private key of the second: its authority, and a certificate that this signed. SHA-256 of the DER.
_IN_EVERY_COPY = {
    "8d695f55d497d9b67ca4cacc80118ae127f077bbee349e4f5c2b8f7c89f54c2b",
    "962863f187ee4c723b2903fe598aa6648d8ef90df08437c236a7ae9cc248ce70",
}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What is in the way to a gateway, and what can be done about it."""

    found: str
    mend: str


async def obstacle(host: str, port: int, trust: Trust | None) -> Obstacle | None:
    """What is in the way to a gateway; None where HTTP/2 answers as it is configured.

    Args:
        host: its host.
        port: its port.
        trust: who it has to be; None where it is to answer without TLS.
    """
    try:
        if trust is None:
            return await _without_tls(host, port)
        return await _with_tls(host, port, trust)
    except (OSError, UnicodeError) as trouble:  # the second is about names of hosts
        return Obstacle(
            f"nobody answers at {host}:{port}: {_words(trouble)}.",
            "Start the gateway, or set endpoint to where it listens; is a firewall in between?",
        )


async def _without_tls(host: str, port: int) -> Obstacle | None:
    if await _knock(host, port, None, None):
        return None
    if await _speaks_tls(host, port):
        return Obstacle(
            f"{host}:{port} wants TLS, and no ca_file is set.",
            "Set ca_file, or start the gateway without TLS where it is on this machine.",
        )
    return _another_program(host, port)


async def _with_tls(host: str, port: int, trust: Trust) -> Obstacle | None:
    try:
        context = await asyncio.to_thread(trusting, trust.ca_file)
    except OSError as trouble:  # ssl.SSLError is one
        why = "it holds no certificate" if isinstance(trouble, ssl.SSLError) else _words(trouble)
        return Obstacle(
            f"{trust.ca_file} cannot be used: {why}.",
            "Let ca_file name the certificate, as PEM, of who signed the gateway's own.",
        )
    try:
        greeted = await _knock(host, port, context, trust.server_name)
    except ssl.SSLCertVerificationError as refused:
        return _refused(refused, trust.server_name)
    except (ssl.SSLError, ConnectionResetError) as trouble:
        return await _no_handshake(host, port, trouble)
    return None if greeted else _another_program(host, port)


async def _no_handshake(host: str, port: int, trouble: OSError) -> Obstacle:
    """Why there was no handshake: no TLS on the other side, mostly."""
    try:
        plain = await _knock(host, port, None, None)
    except OSError:
        plain = False
    if plain:
        return Obstacle(
            f"{host}:{port} speaks without TLS, and ca_file asks for it.",
            "Give the gateway a certificate; or, if it runs on this machine, take ca_file away.",
        )
    return Obstacle(
        f"{host}:{port} does not come to terms about TLS: {_words(trouble)}.",
        "See that a gateway with a certificate listens there, and what it writes in its own log.",
    )


def _refused(refused: ssl.SSLCertVerificationError, name: str) -> Obstacle:
    """What is wrong with a gateway's certificate."""
    if refused.verify_code in (_OTHER_NAME, _OTHER_ADDRESS):
        return Obstacle(
            f"the gateway's certificate is made out to another name than {name}.",
            "Set server_name to the name that stands in the certificate.",
        )
    if refused.verify_code in (_NOT_YET_VALID, _EXPIRED):
        return Obstacle(
            f"the gateway's certificate is not valid now: {refused.verify_message}.",
            "Give the gateway a new certificate; if that one is fine, set this machine's clock.",
        )
    return Obstacle(
        f"the gateway's certificate was not signed by ca_file: {refused.verify_message}.",
        "Let ca_file name the certificate of who signed it; if that is right, somebody else"
        " answers in the gateway's place.",
    )


def _another_program(host: str, port: int) -> Obstacle:
    return Obstacle(
        f"what answers at {host}:{port} is no gateway.",
        "Set endpoint to where the gateway listens.",
    )


async def _speaks_tls(host: str, port: int) -> bool:
    """Whether TLS answers, with whatever certificate: nothing is told to whoever has it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        await _knock(host, port, context, host)
    except OSError:
        return False
    return True


async def _knock(host: str, port: int, context: ssl.SSLContext | None, name: str | None) -> bool:
    """Greet whoever is there; whether HTTP/2 greets back.

    Raises:
        OSError: no connection, or with `context` no handshake (`ssl.SSLError`), in time.
        UnicodeError: the host's name can be none.
    """
    async with asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection(
            host, port, ssl=context, server_hostname=name
        )
    try:
        async with asyncio.timeout(DEADLINE):
            writer.write(_GREETING)
            head = await reader.readexactly(_FRAME_HEAD)
    except (asyncio.IncompleteReadError, OSError):
        return False  # it hung up, or says nothing
    finally:
        writer.transport.abort()
    return head[3] == _SETTINGS


def _words(trouble: BaseException) -> str:
    """A reason as a few words."""
    if isinstance(trouble, TimeoutError):
        return f"no answer within {DEADLINE:g} s"
    if isinstance(trouble, ssl.SSLError):
        return (trouble.reason or "no handshake").replace("_", " ").lower()
    strerror = trouble.strerror if isinstance(trouble, OSError) else None
    return strerror or str(trouble) or type(trouble).__name__


def protects_nobody(ca_file: Path) -> bool:
    """Whether a file of certificates trusts what everybody holds the key of; reads it.

    Raises:
        OSError: it cannot be read.
    """
    pem = ca_file.read_text(encoding="ascii", errors="replace")
    held = (ssl.PEM_cert_to_DER_cert(block) for block in _PEM.findall(pem))
    return not _IN_EVERY_COPY.isdisjoint(hashlib.sha256(one).hexdigest() for one in held)
