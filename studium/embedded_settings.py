"""Where the platform is that runs on the data folder, for commands that are given beside it."""

from pydantic import SecretStr

from studium.embedded import DataFolder
from studium.embedded.postgres import Postgres
from studium.embedded.valkey import Valkey
from studium.settings import StudiumSettings


def with_embedded(settings: StudiumSettings) -> StudiumSettings:
    """The settings with the embedded servers' addresses and the database's secret, where no others are named."""
    folder = DataFolder(settings.data)
    redis_url = settings.redis_url or _secret(Valkey.url_of_last_start(folder))
    settings = settings.model_copy(update={"redis_url": redis_url})
    url = Postgres.url_of_last_start(folder)
    if settings.database_url is not None or url is None:
        return settings
    secret = settings.secret or SecretStr(folder.kept_secret("platform") or "")
    return settings.model_copy(update={"database_url": SecretStr(url), "secret": secret})


def _secret(url: str | None) -> SecretStr | None:
    return None if url is None else SecretStr(url)
