"""Transports that outlive the supergraphs that use them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from router.execute import Transport
from router.serve.sources import Source
from router.serve.traffic import CallHooks, TrafficConfig, TrafficError, build_transports


class Pools:
    """One transport to each subgraph, kept as long as the subgraph is reached in the same way."""

    def __init__(self, config: TrafficConfig | None = None, hooks: CallHooks | None = None) -> None:
        """None yet; `hooks` are around all requests."""
        self._config = config or TrafficConfig()
        self._hooks = hooks
        self._known: dict[tuple[object, ...], Transport] = {}

    def of(self, source: Source) -> dict[str, Transport]:
        """The transports to the subgraphs of a supergraph.

        Raises:
            TrafficError: there is no such subgraph as the configuration names, or a URL has credentials.
        """
        unknown = sorted(set(self._config.subgraphs) - set(source.urls))
        if unknown:
            raise TrafficError(
                f"traffic.subgraphs.{unknown[0]}: There is no such subgraph; there are {', '.join(source.urls)}."
            )
        return {name: self._one(source, name) for name in source.urls}

    def keep(self, transports: Mapping[str, Transport]) -> Sequence[Transport]:
        """Forget all others, and return those that were not forgotten yet."""
        used = {id(each) for each in transports.values()}
        forgotten = [each for each in self._known.values() if id(each) not in used]
        self._known = {key: each for key, each in self._known.items() if id(each) in used}
        return forgotten

    def _one(self, source: Source, name: str) -> Transport:
        key = (name, source.urls[name], source.subscriptions.get(name))
        if key not in self._known:
            own = {name: self._config.subgraphs[name]} if name in self._config.subgraphs else {}
            config = replace(self._config, subgraphs=own)
            urls = {name: source.urls[name]}
            self._known[key] = build_transports(
                urls,
                config,
                self._hooks,
                subscriptions=source.subscriptions,
                placements=self._config.placements,
            )[name]
        return self._known[key]
