"""What provisioning clients do with people and groups has in common. Source: RFC 7644."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar
from uuid import UUID

from scim2_models import (
    InvalidCursorException,
    InvalidFilterException,
    ListResponse,
    Message,
    NotFoundException,
    PatchOp,
    PreconditionFailedException,
    Resource,
    SearchRequest,
    TooManyException,
)

from shared.caller import Caller
from shared.database import Sessions, TenantSession
from shared.errors import Forbidden, NotFound, Unauthenticated
from shared.tenancy.registry import Registry, TenantStatus
from subgraphs.users.service.scim_resources import (
    MOST_LISTED,
    POLICY,
    PROVISIONER,
    USUALLY_LISTED,
    Base,
    message_of,
    version_of,
)
from subgraphs.users.store.people import UserStore
from subgraphs.users.store.scim import Wanted

ResourceT = TypeVar("ResourceT", bound=Resource[Any])
Change: TypeAlias = Callable[[ResourceT], ResourceT | None]
"""From what there is to what it becomes; None if that is the same."""

_LONGEST_FILTER: Final = 1_000
_MOST_BRACKETS: Final = 40
_DEEPEST_OFFSET: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class ProvisioningDesk:
    """What provisioning needs."""

    sessions: Sessions
    tenants: Registry
    public_url: str

    async def enter(self, slug: str, caller: Caller | None) -> "Directory":
        """The tenant's people, for a client that may provision them.

        Raises:
            NotFound: there is no such tenant, or it is not open.
            Unauthenticated: nobody calls, or somebody of another tenant.
            Forbidden: they may not provision people.
        """
        tenant = await self.tenants.by_slug(slug)
        if tenant is None or tenant.status is not TenantStatus.ACTIVE:
            raise NotFound
        if caller is None or caller.tenant_id != tenant.id:
            raise Unauthenticated
        caller.require(PROVISIONER)
        if caller.impersonator_id is not None:
            raise Forbidden
        return Directory(self, caller, Base(f"{self.public_url}/t/{tenant.slug}/scim/v2"))


@dataclass(frozen=True, slots=True)
class Directory:
    """One tenant's people and groups, for one client."""

    desk: ProvisioningDesk
    caller: Caller
    base: Base


@dataclass(frozen=True, slots=True)
class Listed(Generic[ResourceT]):
    """A page, as it was found."""

    resources: Sequence[ResourceT]
    total: int
    more: bool


def check_filter(text: str) -> None:
    """Refuse a filter that is too long or too deep to be read.

    Raises:
        InvalidFilterException: it is.
    """
    if len(text) > _LONGEST_FILTER or sum(map(text.count, "([")) > _MOST_BRACKETS:
        raise InvalidFilterException(detail=f"A filter has {_LONGEST_FILTER} characters and {_MOST_BRACKETS} brackets")


def wanted_of(asked: SearchRequest[Any], model: type[Resource[Any]]) -> Wanted:
    """Which page is asked for, with one more at its end that tells whether there is another.

    Raises:
        InvalidCursorException: the cursor is none of ours, or does not go with the rest.
        TooManyException: it is too far down the list.
    """
    limit = USUALLY_LISTED if asked.count is None else min(asked.count, MOST_LISTED)
    bound = asked.sort_binding(model)
    sort_by = None if bound is None else ".".join(filter(None, (bound.field_name, bound.sub_field_name)))
    offset = asked.start_index_0 or 0
    if offset > _DEEPEST_OFFSET:
        raise TooManyException(detail="Use a cursor, or a filter, to get so far")
    after = None
    if asked.cursor is not None:
        if asked.sort_by is not None or asked.start_index is not None:
            raise InvalidCursorException(detail="A cursor goes with neither sortBy nor startIndex")
        after = _after(asked.cursor)
    descending = asked.sort_order == SearchRequest.SortOrder.descending
    return Wanted(asked.filter, sort_by, descending=descending, offset=offset, after=after, limit=limit + 1)


def answer_list(asked: SearchRequest[Any], wanted: Wanted, found: Sequence[ResourceT], total: int) -> dict[str, Any]:
    """The fields of a `ListResponse`, whose page has one more at its end if there is another."""
    page = found[: wanted.limit - 1]
    fields: dict[str, Any] = {"total_results": total, "items_per_page": len(page), "resources": list(page)}
    if asked.cursor is None:
        return fields | {"start_index": wanted.offset + 1}
    more = len(found) > len(page) and page
    return fields | ({"next_cursor": UUID(page[-1].id or "").hex} if more else {})


def list_response(model: type[ResourceT], fields: dict[str, Any]) -> Message:
    """A page of resources of one type."""
    response: Any = message_of(ListResponse, model)
    return response(**fields)


def _after(cursor: str) -> UUID | None:
    """The one that the page before has ended with; None for the first page. Source: RFC 9865, section 2.1."""
    if not cursor:
        return None
    try:
        return UUID(hex=cursor)
    except ValueError as error:
        raise InvalidCursorException from error


def read_id(value: str) -> UUID:
    """An id as we spell it; whatever else is nobody's.

    Raises:
        NotFoundException: it is none.
    """
    try:
        id_ = UUID(value)
    except ValueError as error:
        raise NotFoundException from error
    if str(id_) != value:
        raise NotFoundException
    return id_


def check_version(if_match: str | None, version: int) -> None:
    """Refuse a change of what has been changed since it was read. Source: RFC 7644, section 3.14.

    Raises:
        PreconditionFailedException: it has.
    """
    if if_match is None or if_match.strip() == "*":
        return
    known = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    if version_of(version).removeprefix("W/") not in known:
        raise PreconditionFailedException


def replacing(wanted: ResourceT) -> Change[ResourceT]:
    """Make a resource what a client says. Source: RFC 7644, section 3.5.1."""

    def replaced(present: ResourceT) -> ResourceT | None:
        wanted.id = present.id
        return wanted if wanted.replace(present) else None

    return replaced


def patching(patch: PatchOp[ResourceT]) -> Change[ResourceT]:
    """Do with a resource what a client's operations say: all of them, or none. Source: RFC 7644, section 3.5.2."""

    def patched(present: ResourceT) -> ResourceT | None:
        return present if patch.patch(present, POLICY) else None

    return patched


async def one_at_a_time(session: TenantSession) -> None:
    """Changes of a directory come one after the other in a tenant: names are compared, and owners counted."""
    await UserStore(session).lock_owners()
