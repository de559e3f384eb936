"""Where the platform is that runs on the data folder, for commands that are given beside it."""

from pydantic import SecretStr

from studium.embedded import DataFolder
from studium.embedded.postgres import Postgres
from studium.settings import StudiumSettings


def with_embedded(settings: StudiumSettings) -> StudiumSettings:
    """The settings with the embedded database and its secret, unless another database is named."""
    folder = DataFolder(settings.data)
    url = Postgres.url_of_last_start(folder)
    if settings.database_url is not None or url is None:
        return settings
    secret = settings.secret or SecretStr(folder.kept_secret("platform") or "")
    return settings.model_copy(update={"database_url": SecretStr(url), "secret": secret})
