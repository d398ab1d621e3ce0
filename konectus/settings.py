"""Frozen settings, loaded once by an entry point and passed down. Nothing reads the environment at import."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as SourceError

from konectus.errors import Invalid

PREFIX = "KONECTUS_"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
Environment = Literal["demo", "development", "production"]


class SettingsError(Invalid):
    """A setting is wrong; the message is one line with its name and the accepted form."""

    code = "settings"


class MetaApp(BaseModel):
    """One Meta app: our name of it, its id, secrets (two during a rotation) and the login it uses.

    Calls use the first secret of a list, webhooks and forms may be signed with either.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    id: str = Field(min_length=1)
    secrets: tuple[SecretStr, ...] = Field(min_length=1, max_length=2)
    instagram_secrets: tuple[SecretStr, ...] = Field(default=(), max_length=2)
    verify_token: SecretStr
    flavour: Literal["page", "instagram"] = "page"
    # Facebook Login for Business: the configuration that carries permissions; absent = permissions are asked by name.
    config_id: str | None = None
    # Instagram Login: the dashboard gives the login an id of its own; absent = the app's.
    instagram_id: str | None = None

    @property
    def login_id(self) -> str:
        """The client_id of its login dialog."""
        return self.instagram_id or self.id if self.flavour == "instagram" else self.id

    @property
    def call_secret(self) -> str:
        """The secret that our own calls use."""
        first = self.instagram_secrets or self.secrets if self.flavour == "instagram" else self.secrets
        return first[0].get_secret_value()

    def signing_secrets(self) -> tuple[bytes, ...]:
        """Every secret that may sign this app's webhooks; which one signs Instagram Login is undocumented."""
        return tuple(s.get_secret_value().encode() for s in (*self.secrets, *self.instagram_secrets))


class Settings(BaseSettings):
    """Every setting of `docs/operate/settings.md`; the variable is KONECTUS_ and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    environment: Environment = "development"
    data_dir: Path = Path(".konectus")
    database_url: SecretStr | None = None
    analyst_database_url: SecretStr | None = None
    secret_key: SecretStr | None = None
    master_key: SecretStr | None = None
    keystore_url: str = ""
    public_url: str = "http://localhost:8000"
    port: int = Field(default=8000, ge=1, le=65535)
    meta_apps: tuple[MetaApp, ...] = ()
    meta_graph_url: str = "https://graph.facebook.com"
    meta_login_url: str = "https://www.facebook.com"
    instagram_graph_url: str = "https://graph.instagram.com"
    instagram_login_url: str = "https://www.instagram.com"
    instagram_api_url: str = "https://api.instagram.com"
    telegram_api_url: str = "https://api.telegram.org"
    files_url: str = ""
    smtp_url: SecretStr | None = None
    mail_from: str = Field(default="avisos@konectus.example", pattern=r"^[^\r\n]*@[^\r\n]+$")
    mail_webhook_secret: SecretStr | None = None
    payment_webhook_secret: SecretStr | None = None
    pay_to: str = Field(default="", max_length=500)
    metrics_token: SecretStr | None = None
    max_webhook_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
    simulator_url: str | None = None
    privacy_rho: float = Field(default=0.25, gt=0, le=1)
    privacy_rho_year: float = Field(default=3.0, gt=0, le=3)
    privacy_k: int = Field(default=10, ge=10)

    @model_validator(mode="after")
    def _cookies_need_https(self) -> Self:
        url = urlsplit(self.public_url)
        near = url.hostname in {host.strip("[]") for host in LOOPBACK}
        if not url.hostname or url.scheme not in ({"http", "https"} if near else {"https"}):
            message = (
                "PUBLIC_URL: must be https:// (browsers drop our sign-in cookies over plain http) or a loopback address"
            )
            raise ValueError(message)
        return self

    @field_validator("meta_apps")
    @classmethod
    def _apps_are_told_apart(cls, apps: tuple[MetaApp, ...]) -> tuple[MetaApp, ...]:
        """The name is part of an address, the id says whose token it is: each stands once."""
        for part in ("name", "id"):
            if len({getattr(app, part) for app in apps}) < len(apps):
                raise ValueError(f"two apps have the same {part}; one entry for each Meta app")
        return apps

    def meta_app(self, name: str | None) -> MetaApp | None:
        """The app of this name of ours."""
        return next((app for app in self.meta_apps if app.name == name), None)

    @field_validator("smtp_url")
    @classmethod
    def _mail_server_is_named(cls, given: SecretStr | None) -> SecretStr | None:
        url = urlsplit(given.get_secret_value()) if given else None
        if url is not None and (url.scheme not in {"smtp", "smtps"} or not url.hostname):
            raise ValueError("must be smtp://user:password@host:587 or smtps://user:password@host:465")
        return given

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Self:
        """Read KONECTUS_* and KONECTUS_*_FILE from a mapping.

        Raises SettingsError, whose message names the variable and the accepted form, never the value.
        """
        names = {PREFIX + name.upper() for name in cls.model_fields}
        try:
            return cls(**_Given(cls, _expanded(environ, names))())
        except SourceError as error:
            raise SettingsError(f"{_variable(str(error), names)}: must be JSON") from None
        except ValidationError as error:
            raise SettingsError(_one_line(error)) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over: a Settings built in a test never sees the machine's environment."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


class _Given(EnvSettingsSource):
    """The library's reader of environment variables, over the mapping it is given."""

    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._environ.items()}


def _expanded(environ: Mapping[str, str], names: set[str]) -> dict[str, str]:
    """Values by variable, NAME_FILE read; a KONECTUS_ name that is none of ours is refused, most likely a typo."""
    values: dict[str, str] = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removesuffix("_FILE")
        if name not in names:
            raise SettingsError(f"{variable}: no such setting; docs/operate/settings.md lists them")
        if name in values:
            raise SettingsError(f"{name}: given twice; keep either {name} or {name}_FILE")
        values[name] = value if name == variable else _contents(variable, value)
    return values


def _contents(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{variable}: cannot read {path} ({error.strerror}); give a readable file") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{variable}: {path} is no text; give a file in UTF-8") from None


def _variable(message: str, names: set[str]) -> str:
    return next((n for n in names if f'"{n.removeprefix(PREFIX).lower()}"' in message), PREFIX + "…")


def _one_line(error: ValidationError) -> str:
    """The first mistake in one line, without the value (it may be a secret)."""
    first = error.errors(include_input=False, include_url=False)[0]
    name = first["loc"][0] if first["loc"] else ""
    inside = ".".join(str(part) for part in first["loc"][1:])
    text = first["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{str(name).upper()}{' at ' + inside if inside else ':'} {text}" if name else PREFIX + text
