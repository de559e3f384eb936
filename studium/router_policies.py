"""What an operator may say of Studium's router: the parts of its configuration that the platform does not decide."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from router.serve.caching.config import Caching
from router.serve.config.load import settings_from
from router.serve.config.nodes import ConfigurationError
from router.serve.config.reading import read_file
from router.serve.http.config import HttpPolicy
from router.serve.limits import Limits
from router.serve.masking.config import ErrorPolicy
from router.serve.persisted.policy import PersistedPolicy
from router.serve.streams.settings import StreamSettings
from router.serve.telemetry.config import TelemetryConfig
from router.serve.traffic import TrafficConfig
from studium.embedded.errors import CannotStart
from studium.variants import TenantRules

DEFAULTS: Final = Path(__file__).with_name("router.yaml")


@dataclass(frozen=True, slots=True)
class RouterPolicies:
    """Parts of the router's configuration, under the same keys.

    Attributes:
        http: what clients may do over HTTP: other sites' pages, compression, batches, files.
        streams: how subscriptions and other answers in parts behave.
        graphiql: serve a page to browsers on which operations can be tried out.
        limits: of what clients send and ask for.
        persisted: documents that clients name instead of sending them.
        traffic: how subgraphs behind HTTP are asked.
        errors: what clients are told of the errors of subgraphs.
        telemetry: what is seen of the router.
        tenants: what each of them sees, may spend and is served from, beside what the registry says of it.
        caching: what is kept of answers; null keeps nothing.
    """

    http: HttpPolicy = field(default_factory=HttpPolicy)
    streams: StreamSettings = field(default_factory=StreamSettings)
    graphiql: bool = True
    limits: Limits = field(default_factory=Limits)
    persisted: PersistedPolicy = field(default_factory=PersistedPolicy)
    traffic: TrafficConfig = field(default_factory=TrafficConfig)
    errors: ErrorPolicy = field(default_factory=ErrorPolicy)
    telemetry: TelemetryConfig = field(default_factory=TelemetryConfig)
    tenants: TenantRules = field(default_factory=TenantRules)
    caching: Caching | None = None


def read_policies(path: Path | None, environment: Mapping[str, str] = os.environ) -> RouterPolicies:
    """Studium's own, changed by a file.

    Raises:
        CannotStart: with all that is wrong with the file.
    """
    try:
        own = read_file(DEFAULTS, environment)
        return settings_from(RouterPolicies, own, *([] if path is None else [read_file(path, environment)]))
    except ConfigurationError as error:
        raise CannotStart(
            "The router's configuration cannot be used.", details=tuple(str(error).splitlines())
        ) from error
