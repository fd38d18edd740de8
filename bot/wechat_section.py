"""The section `[wechat.NAME]`: one WeChat account behind a Wechaty gateway, and how it is spared.

Nothing here needs Wechaty's package: the section is read, checked and shown wherever the
configuration is. The token stands in a file or in the environment, and in no error. Every figure
can only be made gentler than what `docs/how-to/wechat.md` gives as the account's own pace.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.secret_files import secret_in
from bot.sections import Section

# Where a gateway's own program listens when nobody says otherwise (wechaty-puppet-service).
DEFAULT_ENDPOINT = "127.0.0.1:8788"
RISK_PAGE = "docs/how-to/wechat.md"

# It travels in a header of HTTP/2, behind a space.
_TOKEN = re.compile(r"[!-~]{1,256}")
_SHAPE_IN_WORDS = "1 to 256 letters, digits and signs without a space"
_HOST = re.compile(r"[\w.:-]+", re.ASCII)


def wechat_account(name: str) -> str:
    """What the account of `[wechat.NAME]` is called in the bot."""
    return f"wechat:{name}"


def endpoint_parts(endpoint: str) -> tuple[str, int]:
    """The host, in small letters and without brackets, and the port of an endpoint.

    Raises:
        ValueError: it is no HOST:PORT.
    """
    parts = urlsplit(f"//{endpoint}")
    host, port = parts.hostname, parts.port  # this raises too, for a port that is no number
    if parts.netloc != endpoint or "@" in endpoint or not host or not _HOST.fullmatch(host):
        raise ValueError("no HOST:PORT")
    if not port:
        raise ValueError("no port")
    return host, port


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine by its very name, so that nobody else hears the wire."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class WeChat(Section):
    """A WeChat account behind a Wechaty gateway; `shop` is its name. There may be several."""

    endpoint: str = Field(
        DEFAULT_ENDPOINT, description="Where the account's gateway listens, HOST:PORT."
    )
    token_file: Path | None = Field(
        None, description="The gateway's token, in a file only its owner can read."
    )
    token: SecretStr | None = Field(
        None,
        validate_default=True,
        description="The token itself, before token_file; best from NUANQUN_WECHAT__SHOP__TOKEN.",
    )
    ca_file: Path | None = Field(
        None,
        validate_default=True,
        description="Who signed the gateway's certificate, as PEM: the one signer that is trusted."
        " Without it the wire is plain, which is let pass on this machine only.",
    )
    server_name: str = Field(
        "", description="The name in the gateway's certificate; empty: the host of the endpoint."
    )
    accept_risk: bool = Field(
        False,
        validate_default=True,
        description="true says: I know that WeChat may restrict or ban an account that a program"
        f" holds, and have read {RISK_PAGE}. Nothing runs without it.",
    )
    seconds_between: float = Field(
        1, ge=1, le=3600, description="At least so many seconds between two messages."
    )
    room_a_minute: int = Field(
        20, ge=1, le=20, description="At most so many messages in one room in a minute."
    )
    messages_a_day: int = Field(
        300, ge=1, le=300, description="At most so many messages of the account in 24 hours."
    )
    pause_from: float = Field(
        0.5,
        ge=0.5,
        le=3600,
        description="Between two messages a pause is drawn anew each time: at least so many"
        " seconds ...",
    )
    pause_until: float = Field(
        3, ge=3, le=3600, validate_default=True, description="... and at most so many."
    )

    @field_validator("endpoint")
    @classmethod
    def _be_an_endpoint(cls, endpoint: str) -> str:
        try:
            endpoint_parts(endpoint)
        except ValueError:
            raise ValueError(
                f"the gateway's HOST:PORT is needed, such as {DEFAULT_ENDPOINT}"
            ) from None
        return endpoint

    @field_validator("token")
    @classmethod
    def _be_a_token(cls, token: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if token is None and others.data.get("token_file", ...) is None:
            raise ValueError("token_file or token is needed: the one that the gateway was given")
        if token is not None and not _TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError(f"{_SHAPE_IN_WORDS} are needed")
        return token

    @field_validator("ca_file")
    @classmethod
    def _speak_plainly_only_at_home(
        cls, ca_file: Path | None, others: ValidationInfo
    ) -> Path | None:
        endpoint = others.data.get("endpoint")
        if ca_file is None and endpoint and not is_this_machine(endpoint_parts(endpoint)[0]):
            raise ValueError(
                f"{endpoint} is another machine: the certificate of who signed the gateway's is"
                " needed, or whoever reads the wire holds the account"
            )
        return ca_file

    @field_validator("accept_risk")
    @classmethod
    def _know_the_risk(cls, accept_risk: bool) -> bool:  # noqa: FBT001 (pydantic's signature)
        if not accept_risk:
            raise ValueError(
                "it must be true: WeChat may restrict or ban a personal account that a program"
                f" holds, for good and without a warning; read {RISK_PAGE} first"
            )
        return accept_risk

    @field_validator("pause_until")
    @classmethod
    def _end_behind_the_beginning(cls, until: float, others: ValidationInfo) -> float:
        begin = others.data.get("pause_from")
        if begin is not None and until < begin:
            raise ValueError(f"it must be at least pause_from, {begin:g}")
        return until

    @property
    def address(self) -> tuple[str, int]:
        """The gateway's host and port."""
        return endpoint_parts(self.endpoint)

    @property
    def certified_name(self) -> str:
        """The name that the gateway's certificate must bear."""
        return self.server_name or self.address[0]

    def token_for(self, name: str) -> SecretStr:
        """The token of the account `name`, which this section is; may read a file.

        Raises:
            SecretUnreadable: the file is missing, or holds no token.
        """
        if self.token is not None:
            return self.token
        if self.token_file is None:
            raise ValueError("a section without a token was let in")
        return secret_in(self.token_file, f"wechat.{name}.token_file", _TOKEN, _SHAPE_IN_WORDS)
