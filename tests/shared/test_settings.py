"""Settings are validated, and never shown."""

import pytest
from pydantic import ValidationError

from shared.settings import PlatformSettings


class TestPlatformSettings:
    def test_reads_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("STUDIUM_DATABASE_URL", "postgresql://me:secret@db/postgres")
        settings = PlatformSettings()
        assert settings.database_url
        assert settings.database_url.get_secret_value() == "postgresql://me:secret@db/postgres"
        assert settings.mongo_url is None

    def test_shows_no_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("STUDIUM_DATABASE_URL", "postgresql://me:hunter2@db/postgres")
        assert "hunter2" not in repr(PlatformSettings())

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("STUDIUM_DATABASE_URL", "mysql://me:hunter2@db/x"),
            ("STUDIUM_MONGO_URL", "http://me:hunter2@db"),
            ("STUDIUM_REDIS_URL", "hunter2"),
            ("STUDIUM_SECRET", "hunter2"),
        ],
    )
    def test_refuses_the_wrong_kind_without_repeating_it(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv(name, value)
        with pytest.raises(ValidationError) as refused:
            PlatformSettings()
        assert "hunter2" not in str(refused.value)

    @pytest.mark.parametrize("url", ["https://learn.example", "http://127.0.0.1:8000", "http://localhost:8000/"])
    def test_a_public_url_is_kept_without_a_slash(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv("STUDIUM_PUBLIC_URL", url)
        assert PlatformSettings().public_url == url.rstrip("/")

    @pytest.mark.parametrize(
        "url", ["learn.example", "http://learn.example", "https://learn.example/app", "https://me@learn.example"]
    )
    def test_a_public_url_is_safe_and_has_no_path(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setenv("STUDIUM_PUBLIC_URL", url)
        with pytest.raises(ValidationError):
            PlatformSettings()
