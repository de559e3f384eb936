"""What answers provisioning clients, under ``/t/<slug>/scim/v2/``. Source: RFC 7644, sections 3.2 and 4."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Generic, TypeAlias

from scim2_models import (
    Context,
    ListResponse,
    NotFoundException,
    NotImplementedException,
    PatchOp,
    Resource,
    SearchRequest,
)
from starlette.requests import Request
from starlette.responses import Response

from shared.graphql.context import TokenVerifier
from subgraphs.users.endpoints.provisioning import Answer
from subgraphs.users.endpoints.scim_requests import FAILURES, Asked, Refused, answer, refusal
from subgraphs.users.service import scim_groups, scim_users
from subgraphs.users.service.scim import Directory, Message, ProvisioningDesk, ResourceT
from subgraphs.users.service.scim_resources import (
    Base,
    Group,
    User,
    configuration,
    message_of,
    resource_types,
    schemas,
)

_METHODS: Final = ("get", "post", "put", "patch", "delete")

Endpoint: TypeAlias = Callable[[Asked], Awaitable[Response]]
Describe: TypeAlias = Callable[[Base], "list[Any]"]


@dataclass(frozen=True, slots=True)
class _Kind(Generic[ResourceT]):
    """What is done with resources of one kind; each with the endpoints that do it.

    Attributes:
        model: what clients send and get.
        page: those of one page, those that a query asks for.
        get, create, replace, patch, delete: of one resource, as the services do it.
    """

    model: type[ResourceT]
    page: Callable[[Directory, SearchRequest[ResourceT]], Awaitable[Message]]
    get: Callable[[Directory, str, SearchRequest[ResourceT]], Awaitable[ResourceT]]
    create: Callable[[Directory, ResourceT], Awaitable[ResourceT]]
    replace: Callable[[Directory, str, ResourceT, str | None], Awaitable[ResourceT]]
    patch: Callable[[Directory, str, PatchOp[ResourceT], str | None], Awaitable[ResourceT]]
    delete: Callable[[Directory, str, str | None], Awaitable[None]]

    def routes(self, path: str) -> dict[str, dict[str, Endpoint]]:
        """The endpoints of each path below the root, by method."""
        one: dict[str, Endpoint] = {
            "get": self._read,
            "put": self._replaced,
            "patch": self._patched,
            "delete": self._deleted,
        }
        return {
            path: {"get": self._listed, "post": self._created},
            f"{path}/.search": {"post": self._searched},
            f"{path}/{{id}}": one,
        }

    async def _listed(self, asked: Asked) -> Response:
        query = asked.query(self.model)
        page = await self.page(asked.directory, query)
        return answer(page.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=query))

    async def _searched(self, asked: Asked) -> Response:
        query = await asked.search(self.model)
        page = await self.page(asked.directory, query)
        return answer(page.model_dump(scim_ctx=Context.SEARCH_RESPONSE, response_parameters=query))

    async def _read(self, asked: Asked) -> Response:
        found = await self.get(asked.directory, asked.id, asked.query(self.model))
        return asked.shown(found, Context.RESOURCE_QUERY_RESPONSE)

    async def _created(self, asked: Asked) -> Response:
        wanted = await asked.resource(self.model, Context.RESOURCE_CREATION_REQUEST)
        made = await self.create(asked.directory, wanted)
        return asked.shown(made, Context.RESOURCE_CREATION_RESPONSE, HTTPStatus.CREATED)

    async def _replaced(self, asked: Asked) -> Response:
        wanted = await asked.resource(self.model, Context.RESOURCE_REPLACEMENT_REQUEST)
        changed = await self.replace(asked.directory, asked.id, wanted, asked.if_match)
        return asked.shown(changed, Context.RESOURCE_REPLACEMENT_RESPONSE)

    async def _patched(self, asked: Asked) -> Response:
        patch = await asked.patch(self.model)
        changed = await self.patch(asked.directory, asked.id, patch, asked.if_match)
        return asked.shown(changed, Context.RESOURCE_PATCH_RESPONSE)

    async def _deleted(self, asked: Asked) -> Response:
        await self.delete(asked.directory, asked.id, asked.if_match)
        return Response(status_code=HTTPStatus.NO_CONTENT)


_USERS: Final = _Kind(
    User,
    page=scim_users.list_users,
    get=lambda directory, id_, _: scim_users.get_user(directory, id_),
    create=scim_users.create_user,
    replace=scim_users.replace_user,
    patch=scim_users.patch_user,
    delete=scim_users.delete_user,
)
_GROUPS: Final = _Kind(
    Group,
    page=scim_groups.list_groups,
    get=scim_groups.get_group,
    create=scim_groups.create_group,
    replace=scim_groups.replace_group,
    patch=scim_groups.patch_group,
    delete=scim_groups.delete_group,
)


def scim_answers(desk: ProvisioningDesk, verifier: TokenVerifier) -> dict[str, Answer]:
    """What answers at each path below a directory's root; whatever is not there is refused as SCIM says."""
    by_path: dict[str, dict[str, Endpoint]] = {
        "/ServiceProviderConfig": {"get": _configuration},
        "/ResourceTypes": {"get": _all(resource_types)},
        "/ResourceTypes/{id}": {"get": _one(resource_types)},
        "/Schemas": {"get": _all(schemas)},
        "/Schemas/{id}": {"get": _one(schemas)},
        **_USERS.routes("/Users"),
        **_GROUPS.routes("/Groups"),
        "/.search": {"post": _not_offered},
        "/Bulk": {"post": _not_offered},
        "/Me": dict.fromkeys(_METHODS, _not_offered),
        "/{path:path}": dict.fromkeys(_METHODS, _nothing),
    }
    return {path: _answering(desk, verifier, endpoints) for path, endpoints in by_path.items()}


def _answering(desk: ProvisioningDesk, verifier: TokenVerifier, endpoints: dict[str, Endpoint]) -> Answer:
    """Let in who may, and answer each refusal in the form that SCIM fixes."""

    async def answered(request: Request) -> Response:
        try:
            token = await verifier.presented(request.headers)
            caller = None if token is None else await verifier.caller(token)
            directory = await desk.enter(request.path_params["slug"], caller)
            endpoint = endpoints.get(request.method.lower())
            if endpoint is None:
                raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, "That cannot be done here")
            return await endpoint(Asked(request, directory))
        except FAILURES as error:
            return refusal(error)

    return answered


async def _configuration(asked: Asked) -> Response:
    return asked.shown(configuration(asked.directory.base), Context.RESOURCE_QUERY_RESPONSE)


def _all(describe: Describe) -> Endpoint:
    """A whole list, which nobody filters. Source: RFC 7644, section 4."""

    async def endpoint(asked: Asked) -> Response:
        if "filter" in asked.request.query_params:
            raise Refused(HTTPStatus.FORBIDDEN, "These are not filtered")
        found: list[Resource[Any]] = describe(asked.directory.base)
        listed: Any = message_of(ListResponse, type(found[0]))
        response = listed(total_results=len(found), start_index=1, items_per_page=len(found), resources=found)
        return answer(response.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE))

    return endpoint


def _one(describe: Describe) -> Endpoint:
    async def endpoint(asked: Asked) -> Response:
        found = next((each for each in describe(asked.directory.base) if each.id == asked.id), None)
        if found is None:
            raise NotFoundException
        return asked.shown(found, Context.RESOURCE_QUERY_RESPONSE)

    return endpoint


async def _not_offered(_: Asked) -> Response:
    raise NotImplementedException


async def _nothing(_: Asked) -> Response:
    raise NotFoundException
