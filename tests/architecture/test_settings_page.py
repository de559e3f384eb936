"""Operators find every setting written down, and the composed deployment sets none that there is not."""

import re
from pathlib import Path
from typing import Final

from tests.architecture.settings_page import CLASSES, PAGE, page, settings_of

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final = (ROOT / "docker-compose.yml").read_text()
EXAMPLE: Final = (ROOT / "docs" / "operations" / "compose.env.example").read_text()
KNOWN: Final = {one.name for class_ in CLASSES for one in settings_of(class_)}


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run `python -m tests.architecture.settings_page`"


def test_every_setting_is_explained() -> None:
    assert [one.name for class_ in CLASSES for one in settings_of(class_) if not one.words] == []


def test_the_composed_deployment_sets_what_there_is() -> None:
    assert set(re.findall(r"^ +(STUDIUM_\w+):", COMPOSE, re.MULTILINE)) <= KNOWN


def test_what_the_composed_deployment_asks_for_is_in_its_example() -> None:
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE))
    named = set(re.findall(r"^#? ?(\w+)=", EXAMPLE, re.MULTILINE))
    assert asked == named
    required = set(re.findall(r"\$\{(\w+):\?", COMPOSE))
    assert required == set(re.findall(r"^(\w+)=", EXAMPLE, re.MULTILINE))
