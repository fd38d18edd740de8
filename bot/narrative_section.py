"""The section `[narrative]`: the model that words reports, if the shop wants one."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from bot.secret_files import secret_in
from bot.sections import Section
from handlers.chat_endpoint import ChatEndpoint

_KEY = re.compile(r"[\x21-\x7e]{1,1000}")


class Narrative(Section):
    """A model that words reports in a few sentences; off while url is empty."""

    url: str = Field(
        "",
        description="An OpenAI-compatible endpoint, such as https://api.example.com/v1: figures and"
        " masked quotes of a report are sent there.",
    )
    model: str = Field(
        "", validate_default=True, description="The model's name there; needed with url."
    )
    key_file: Path | None = Field(
        None, description="The endpoint's key, in a file only its owner can read; none if unset."
    )
    key: SecretStr | None = Field(
        None, description="The key itself, before key_file; best from NUANQUN_NARRATIVE__KEY."
    )

    @field_validator("url")
    @classmethod
    def _be_an_endpoint(cls, url: str) -> str:
        """The address that /chat/completions is below; credentials in it would end up in logs."""
        try:
            parts = urlsplit(url)
            well = parts.port is None or parts.port > 0
        except ValueError:
            well = False
        else:
            well = well and parts.scheme in ("https", "http") and bool(parts.hostname)
            well = well and not (parts.query or parts.fragment or "@" in parts.netloc)
        if url and not well:
            raise ValueError("an endpoint's address such as https://api.example.com/v1 is needed")
        return url.rstrip("/").removesuffix("/chat/completions")

    @field_validator("model")
    @classmethod
    def _be_named(cls, model: str, others: ValidationInfo) -> str:
        if others.data.get("url") and not model:
            raise ValueError("the model's name is needed with url")
        return model

    @field_validator("key")
    @classmethod
    def _be_a_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and not _KEY.fullmatch(key.get_secret_value()):
            raise ValueError("a key of printable letters without blanks is needed")
        return key

    def endpoint(self) -> ChatEndpoint | None:
        """The endpoint, where one is configured; may read a file.

        Raises:
            SecretUnreadable: the key's file is missing, or holds no key.
        """
        if not self.url:
            return None
        key = self.key
        if key is None and self.key_file is not None:
            key = secret_in(self.key_file, "narrative.key_file", _KEY, "a key without blanks")
        return ChatEndpoint(self.url, self.model, key)
