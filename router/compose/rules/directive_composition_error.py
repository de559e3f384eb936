"""DIRECTIVE_COMPOSITION_ERROR: a `@composeDirective` that cannot be met.

Source: https://www.apollographql.com/docs/graphos/reference/federation/directives#composedirective
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from router.compose.hints import Hint, HintCode
from router.compose.merge.compose_directives import Chosen, Request, newest
from router.compose.merge.context import Merge
from router.compose.model import Applied, elements
from router.compose.rules.invalid_graphql.directives import location_of
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations
from router.federation.features import CORE, FEATURES, JOIN, LINK
from router.federation.links import Link
from router.federation.values import print_value

_BY_DEFAULT = frozenset({"tag", "inaccessible", "authenticated", "requiresScopes", "policy", "context"})
_OURS = frozenset({identity for identity, _ in FEATURES} | {LINK, CORE, JOIN})


class Requests:
    """What subgraphs ask to have composed, sorted into what can be and what cannot."""

    def __init__(self, subgraphs: Sequence[SubgraphSchema]) -> None:
        self._subgraphs = subgraphs
        self.errors: list[CompositionError] = []
        self.hints: list[Hint] = []
        accepted = list(self._accepted())
        features = list(self._features(accepted))
        clashing = set(self._clashing(accepted))
        self.features = [self._without(chosen, clashing) for chosen in features]

    def _refuse(self, applied: Applied, message: str) -> None:
        error = CompositionError(ErrorCode.DIRECTIVE_COMPOSITION_ERROR, message, locations(applied.node))
        self.errors.append(error)

    def _accepted(self) -> Iterator[Request]:
        for index, subgraph in enumerate(self._subgraphs):
            for applied in subgraph.schema.itself.applied("composeDirective"):
                request = self._request(index, subgraph, applied)
                if request is not None:
                    yield request

    def _request(self, index: int, subgraph: SubgraphSchema, applied: Applied) -> Request | None:
        written = applied.arguments.get("name")
        shown = f'@composeDirective(name: {print_value(written)}) in "{subgraph.name}"'
        if not isinstance(written, str) or not written.startswith("@"):
            self._refuse(applied, f'{shown} must name a directive, with its "@".')
            return None
        name = written.removeprefix("@")
        origin = subgraph.links.directive(name)
        if name not in subgraph.schema.directives:
            self._refuse(applied, f"{shown} names a directive that is not defined. Define it there.")
        elif origin is None:
            self._refuse(applied, f"{shown} names a directive of no linked feature; @link to the feature that has it.")
        elif origin.link.url.identity in _OURS:
            self._federation_directive(applied, shown, origin.name)
        elif self._is_taken(name):
            self._refuse(applied, f"{shown} is a name that Federation's own directives have in some subgraph.")
        else:
            return Request(index, applied, origin.link, origin.name, name)
        return None

    def _federation_directive(self, applied: Applied, shown: str, local: str) -> None:
        if local in _BY_DEFAULT:
            message = f"{shown} is superfluous: the directive is always composed."
            self.hints.append(Hint(HintCode.DIRECTIVE_COMPOSITION_INFO, message))
        else:
            self._refuse(applied, f"{shown} names a directive of Federation itself, which is not for clients.")

    def _is_taken(self, name: str) -> bool:
        return any(
            subgraph.directive_name(meaning) == name
            for subgraph in self._subgraphs
            for meaning in ("tag", "inaccessible")
        )

    def _features(self, accepted: list[Request]) -> Iterator[Chosen]:
        identities = dict.fromkeys(link.url.identity for subgraph in self._subgraphs for link in subgraph.links)
        for identity in sorted(identities):
            asking = {request.index for request in accepted if request.identity == identity}
            links = [
                (subgraph.links.by_identity[identity], index in asking)
                for index, subgraph in enumerate(self._subgraphs)
                if identity in subgraph.links.by_identity
            ]
            if not self._agree_on_major_version(identity, links):
                continue
            link = newest(links)
            if link is not None:
                yield Chosen(link, tuple(request for request in accepted if request.identity == identity))

    def _agree_on_major_version(self, identity: str, links: list[tuple[Link, bool]]) -> bool:
        composed = {link.url.version.major for link, is_composed in links if is_composed}
        if len(composed) > 1:
            message = f'"{identity}" is composed, but linked in different major versions. Link to one.'
            nodes = (link.node for link, _ in links)
            self.errors.append(CompositionError(ErrorCode.DIRECTIVE_COMPOSITION_ERROR, message, locations(*nodes)))
            return False
        if len({link.url.version.major for link, _ in links}) > 1:
            message = (
                f'"{identity}" is linked in different major versions, some of which are not composed. Link to one.'
            )
            self.hints.append(Hint(HintCode.DIRECTIVE_COMPOSITION_INFO, message))
        return True

    def _clashing(self, accepted: list[Request]) -> Iterator[str]:
        for name, group in _grouped(accepted, "name"):
            if len({request.local_name for request in group}) > 1 or len({request.identity for request in group}) > 1:
                self._refuse(group[-1].applied, f'"@{name}" is composed, but is not the same directive everywhere.')
                yield name
        for local, group in _grouped(accepted, "local_name"):
            names = sorted({request.name for request in group})
            if len(names) > 1:
                shown = " and ".join(f'"@{name}"' for name in names)
                self._refuse(
                    group[-1].applied, f'"@{local}" is composed, but is called {shown}; import it by one name.'
                )
                yield from names
            self._warn_of_other_names(group)

    def _warn_of_other_names(self, group: list[Request]) -> None:
        first, asking = group[0], {request.index for request in group}
        for index, subgraph in enumerate(self._subgraphs):
            link = subgraph.links.by_identity.get(first.identity)
            if index in asking or link is None:
                continue
            if any(each.name == f"@{first.local_name}" and each.alias != f"@{first.name}" for each in link.imports):
                message = f'"@{first.name}" is composed, but has another name in "{subgraph.name}".'
                self.hints.append(Hint(HintCode.DIRECTIVE_COMPOSITION_WARN, message))
                return

    @staticmethod
    def _without(chosen: Chosen, clashing: set[str]) -> Chosen:
        return Chosen(chosen.link, tuple(each for each in chosen.requests if each.name not in clashing))


def _grouped(requests: list[Request], by: str) -> Iterator[tuple[str, list[Request]]]:
    def key(request: Request) -> str:
        return request.name if by == "name" else request.local_name

    for value, group in groupby(sorted(requests, key=key), key):
        yield value, list(group)


def check_locations(merge: Merge) -> Iterator[CompositionError]:
    """The one definition in the supergraph must allow what every subgraph's own did."""
    for element in elements(merge.supergraph):
        for applied in element.directives:
            composed = merge.composed.get(applied.name)
            if composed is None or composed.asked_by is None:
                continue
            if location_of(element) not in composed.definition.locations:
                allowed = ", ".join(composed.definition.locations)
                yield CompositionError(
                    ErrorCode.DIRECTIVE_COMPOSITION_ERROR,
                    f'"@{applied.name}" stands on "{element.coordinate}", but its definition in the supergraph allows '
                    f"{allowed} only. Define it alike in all subgraphs.",
                    locations(composed.definition.node),
                )
