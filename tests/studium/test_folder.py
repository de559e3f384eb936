"""The data folder: what it refuses, and what it keeps."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from studium.embedded import CannotStart, DataFolder


def nearly_full(_: Path) -> SimpleNamespace:
    """A stand-in for `shutil.disk_usage`: nobody can fill a disk for a test."""
    return SimpleNamespace(free=9 * 1024 * 1024)


class TestDataFolder:
    def test_says_that_its_disk_is_full(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "disk_usage", nearly_full)
        with pytest.raises(CannotStart) as refused:
            DataFolder(tmp_path / "data").open()
        assert str(refused.value) == (
            f"The disk that holds {tmp_path}/data is full: 9 MB are left and 256 MB are needed."
        )

    def test_keeps_its_secrets(self, tmp_path: Path) -> None:
        folder = DataFolder(tmp_path / "data")
        folder.open()
        made = folder.secret("platform")
        assert len(made) == 64
        assert folder.secret("platform") == made
        assert folder.secret("another") != made
        folder.close()

    def test_can_be_opened_again_once_closed(self, tmp_path: Path) -> None:
        first, second = DataFolder(tmp_path / "data"), DataFolder(tmp_path / "data")
        first.open()
        with pytest.raises(CannotStart):
            second.open()
        first.close()
        second.open()
        second.close()
