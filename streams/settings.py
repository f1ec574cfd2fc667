"""The one frozen settings value: environment first, then a TOML file named by `TICKETSPIKE_CONFIG`."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from alerts import roster_rows, schedule
from alerts.markets import OTHER, market_of
from alerts.roster import Row
from streams.shards import SHARDED, Shards, folded

DEFAULT_FACETS = (
    "voucher_code",
    "campaign_id",
    "channel",
    "market",
    "language",
    "browser",
    "device",
    "app_version",
    "payment",
)
_MARKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}")
_MOST_MARKETS = 20


class SettingsError(Exception):
    """A setting is wrong; the message names it, its value and what is allowed."""


class Settings(BaseSettings):
    """All settings of ticketspike; field names are the environment's names in lower case."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", case_sensitive=False, env_ignore_empty=True
    )

    kafka_bootstrap_servers: str = Field("127.0.0.1:9092", description="Kafka brokers, comma-separated")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ssl_cafile: Path | None = None
    kafka_ssl_certfile: Path | None = None
    kafka_ssl_keyfile: Path | None = None

    slack_bot_token: SecretStr | None = None
    slack_channel: str | None = None
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"

    ticketspike_false_alarms_per_week: float = Field(1.0, gt=0, le=1000)
    ticketspike_language: Literal["de", "en"] = "en"
    ticketspike_timezone: str = "Europe/Berlin"
    ticketspike_holidays: str | None = None
    ticketspike_clock: Literal["wall", "event"] = "wall"
    ticketspike_web_host: str = "127.0.0.1"
    ticketspike_web_port: int = Field(6066, ge=0, le=65535)
    ticketspike_data_dir: Path = Path("~/.local/share/ticketspike")
    ticketspike_topic_prefix: str = Field("", pattern=r"^[a-zA-Z0-9._-]{0,100}$")
    ticketspike_replication: int | None = Field(None, ge=1, le=9)
    ticketspike_partitions: int = Field(4, ge=1, le=1000)
    ticketspike_hmac_key: SecretStr | None = None
    ticketspike_hmac_key_old: SecretStr | None = None
    ticketspike_min_customers: int = Field(3, ge=1, le=1000)
    ticketspike_flush_seconds: float = Field(1.0, ge=0.05, le=60)
    ticketspike_shard_by: Literal["none", "market"] = "none"
    ticketspike_markets: Annotated[tuple[str, ...], NoDecode] = ()
    ticketspike_remind_minutes: int = Field(30, ge=0, le=10_080)
    ticketspike_tickets_url: str | None = None
    ticketspike_campaign_notice_hours: float = Field(0, ge=0, le=24 * 14)
    ticketspike_digest_at: str | None = None
    ticketspike_digest_number: Literal["useful", "answered", "minutes"] = "useful"
    ticketspike_roster: Annotated[tuple[Row, ...], NoDecode] = ()
    ticketspike_sources: Path | None = None
    ticketspike_facets: Annotated[tuple[str, ...], NoDecode] = DEFAULT_FACETS
    ticketspike_horizon_hours: int = Field(48, ge=1, le=24 * 90)
    ticketspike_max_reasons: int = Field(2000, ge=1, le=20000)
    ticketspike_canary_seconds: float = Field(0, ge=0, le=3600)
    ticketspike_dead_letter_run: int = Field(200, ge=0, le=1_000_000)
    ticketspike_dead_letter_ratio: float = Field(0.5, gt=0, le=1)

    _shard: str | None = PrivateAttr(None)

    @field_validator("ticketspike_timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("an IANA time zone such as Europe/Berlin")
        return value

    @field_validator("ticketspike_digest_at")
    @classmethod
    def _schedule(cls, value: str | None) -> str | None:
        if value is not None:
            schedule.parse(value)
        return value

    @field_validator("ticketspike_roster", mode="before")
    @classmethod
    def _rows(cls, value: object) -> object:
        try:
            return roster_rows.read(json.loads(value) if isinstance(value, str) else value)
        except json.JSONDecodeError as error:
            raise SettingsError(
                f"TICKETSPIKE_ROSTER is no JSON ({error}); rather write tables [[roster]] into the TOML file that "
                "TICKETSPIKE_CONFIG names"
            ) from None
        except ValueError as error:
            # One sentence of its own: the whole roster as "the value" would bury the one that is wrong.
            raise SettingsError(str(error)) from None

    @field_validator("ticketspike_facets", "ticketspike_markets", mode="before")
    @classmethod
    def _from_commas(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("ticketspike_markets")
    @classmethod
    def _names_of_shards(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if (
            not all(_MARKET.fullmatch(name) and folded(name) != OTHER for name in value)
            or len({folded(name) for name in value}) < len(value)
            or len(value) > _MOST_MARKETS
        ):
            raise ValueError(
                f"at most {_MOST_MARKETS} different names of 1 to 20 letters, digits, _ and -, such as DE,AT; "
                f"{OTHER} is what all others are called"
            )
        return value

    @model_validator(mode="after")
    def _markets_where_sharded(self) -> Settings:
        if (self.ticketspike_shard_by == "market") != bool(self.ticketspike_markets):
            raise SettingsError(
                f"TICKETSPIKE_SHARD_BY={self.ticketspike_shard_by} is not allowed with "
                f"TICKETSPIKE_MARKETS={','.join(self.ticketspike_markets) or '(not set)'}; allowed: market together "
                "with the markets that get a shard of their own, such as DE,AT, or none without markets"
            )
        return self

    @field_validator("ticketspike_hmac_key", "ticketspike_hmac_key_old", mode="before")
    @classmethod
    def _blank_is_none(cls, value: object) -> object:
        # A value emptied in the file would be a key that everybody knows.
        return None if isinstance(value, str) and not value.strip() else value

    @model_validator(mode="after")
    def _two_keys(self) -> Settings:
        if (
            self.ticketspike_hmac_key_old is not None
            and self.ticketspike_hmac_key_old == self.ticketspike_hmac_key
        ):
            raise SettingsError(
                "TICKETSPIKE_HMAC_KEY_OLD is the same as TICKETSPIKE_HMAC_KEY; allowed: the key until now, or nothing"
            )
        return self

    @field_validator("ticketspike_data_dir")
    @classmethod
    def _home(cls, value: Path) -> Path:
        return value.expanduser()

    @field_validator("slack_api_url")
    @classmethod
    def _with_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("a URL that begins with https://")
        return value if value.endswith("/") else value + "/"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before file: the file's values come in as keyword arguments of `load`."""
        return env_settings, init_settings

    @property
    def bootstrap_servers(self) -> list[str]:
        """The brokers as a list."""
        return [part.strip() for part in self.kafka_bootstrap_servers.split(",") if part.strip()]

    @property
    def sharding(self) -> Shards:
        """Which shard a market belongs to."""
        return Shards(self.ticketspike_markets)

    @property
    def shard(self) -> str | None:
        """The shard whose topics these settings name; None where there is one, or all are meant."""
        return self._shard

    @property
    def shards(self) -> tuple[Settings, ...]:
        """These settings as each shard sees them; themselves alone where nothing is sharded, or for one shard."""
        if self.ticketspike_shard_by == "none" or self._shard is not None:
            return (self,)
        return tuple(self._seen_by(name) for name in self.sharding.names)

    @property
    def leads(self) -> bool:
        """Whether this is the shard that says what concerns all of them."""
        return self._shard in (None, OTHER)

    def keeps(self, incident_id: str) -> bool:
        """Whether an incident is this shard's; ids of no shard are left to the one that leads."""
        if self._shard is None:
            return True
        market = market_of(incident_id)
        return market == self._shard or (self.leads and market not in self.sharding.names)

    def _seen_by(self, shard: str) -> Settings:
        view = self.model_copy()
        view._shard = shard  # noqa: SLF001 - of its own kind; no setting, so nobody sets it from outside
        return view

    def topic(self, name: str) -> str:
        """The full name of a topic: the prefix, its name in the contract, and the shard where each has its own.

        Raises:
            SettingsError: each shard has its own, and these settings speak of all shards.
        """
        if name not in SHARDED or self.ticketspike_shard_by == "none":
            return self.ticketspike_topic_prefix + name
        if self._shard is None:
            raise SettingsError(
                f"TICKETSPIKE_SHARD_BY={self.ticketspike_shard_by} gives each market its own {name}, and this "
                "looks at one for all; it cannot be used with it"
            )
        return f"{self.ticketspike_topic_prefix}{name}.{self._shard}"

    def topics(self, name: str) -> tuple[str, ...]:
        """The full names of a topic, one a shard where each has its own."""
        return tuple(view.topic(name) for view in (self.shards if name in SHARDED else (self,)))


def load(**overrides: Any) -> Settings:
    """Read the settings once: environment, then the TOML file, then the defaults.

    Raises:
        SettingsError: one sentence a setting, with its name, its value and what is allowed.
    """
    values = _from_file()
    values.update(overrides)
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(detail) for detail in error.errors())) from None


def _from_file() -> dict[str, Any]:
    name = os.environ.get("TICKETSPIKE_CONFIG")
    if not name:
        return {}
    try:
        content = tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"TICKETSPIKE_CONFIG={name}: {error.strerror}; name a readable TOML file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"TICKETSPIKE_CONFIG={name}: not TOML: {error}") from None
    except RecursionError:
        raise SettingsError(
            f"TICKETSPIKE_CONFIG={name}: nested too deeply; a setting is a plain value"
        ) from None
    values = {key.lower(): value for key, value in content.items()}
    if "roster" in values:
        # Tables read better under the short name; in an environment anybody might mean anything by it.
        values["ticketspike_roster"] = values.pop("roster")
    unknown = sorted(set(values) - set(Settings.model_fields))
    if unknown:
        allowed = ", ".join(field.upper() for field in Settings.model_fields)
        raise SettingsError(f"{unknown[0].upper()} in {name} is not a setting; allowed: {allowed}")
    return values


def _sentence(detail: Any) -> str:
    name = ".".join(str(part) for part in detail["loc"][:1]).upper()
    secret = "SECRET" in name or "TOKEN" in name or "KEY" in name or "PASSWORD" in name
    shown = "(hidden)" if secret else repr(detail["input"])
    allowed = (
        detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ").split(", unable to")[0]
    )
    return f"{name}={shown} is not allowed; allowed: {allowed}"
