"""The routes of provisioning, under ``/t/<slug>/scim/v2/``. Source: RFC 7644, sections 3.2 and 4."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from scim2_models import Context, ListResponse, NotFoundException, NotImplementedException, Resource
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.graphql.context import TokenVerifier
from subgraphs.users.endpoints.scim_requests import FAILURES, Asked, Refused, answer, refusal
from subgraphs.users.service import scim_groups, scim_users
from subgraphs.users.service.scim import ProvisioningDesk
from subgraphs.users.service.scim_resources import (
    Base,
    Group,
    User,
    configuration,
    message_of,
    resource_types,
    schemas,
)

_ROOT: Final = "/t/{slug}/scim/v2"
_METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]

Endpoint: TypeAlias = Callable[[Asked], Awaitable[Response]]
Describe: TypeAlias = Callable[[Base], "list[Any]"]


def scim_routes(desk: ProvisioningDesk, verifier: TokenVerifier) -> list[Route]:
    """Everything there is; whatever else is asked for there is answered as the standard says."""

    def route(path: str, **endpoints: Endpoint) -> Route:
        by_method = {method.upper(): endpoint for method, endpoint in endpoints.items()}
        return Route(_ROOT + path, _answering(desk, verifier, by_method), methods=_METHODS)

    return [
        route("/ServiceProviderConfig", get=_configuration),
        route("/ResourceTypes", get=_all(resource_types)),
        route("/ResourceTypes/{id}", get=_one(resource_types)),
        route("/Schemas", get=_all(schemas)),
        route("/Schemas/{id}", get=_one(schemas)),
        route("/Users", get=_list_users, post=_create_user),
        route("/Users/.search", post=_search_users),
        route("/Users/{id}", get=_get_user, put=_replace_user, patch=_patch_user, delete=_delete_user),
        route("/Groups", get=_list_groups, post=_create_group),
        route("/Groups/.search", post=_search_groups),
        route("/Groups/{id}", get=_get_group, put=_replace_group, patch=_patch_group, delete=_delete_group),
        route("/.search", post=_not_offered),
        route("/Bulk", post=_not_offered),
        route("/Me", get=_not_offered, post=_not_offered, put=_not_offered, patch=_not_offered, delete=_not_offered),
        route("/{path:path}", **dict.fromkeys(_METHODS, _nothing)),
    ]


def _answering(
    desk: ProvisioningDesk, verifier: TokenVerifier, endpoints: dict[str, Endpoint]
) -> Callable[[Request], Awaitable[Response]]:
    """Let in who may, and answer each refusal in the form that SCIM fixes."""

    async def answered(request: Request) -> Response:
        try:
            token = await verifier.presented(request.headers)
            caller = None if token is None else await verifier.caller(token)
            directory = await desk.enter(request.path_params["slug"], caller)
            endpoint = endpoints.get(request.method)
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


async def _list_users(asked: Asked) -> Response:
    query = asked.query(User)
    page = await scim_users.list_users(asked.directory, query)
    return answer(page.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=query))


async def _search_users(asked: Asked) -> Response:
    query = await asked.search(User)
    page = await scim_users.list_users(asked.directory, query)
    return answer(page.model_dump(scim_ctx=Context.SEARCH_RESPONSE, response_parameters=query))


async def _get_user(asked: Asked) -> Response:
    return asked.shown(await scim_users.get_user(asked.directory, asked.id), Context.RESOURCE_QUERY_RESPONSE)


async def _create_user(asked: Asked) -> Response:
    wanted = await asked.resource(User, Context.RESOURCE_CREATION_REQUEST)
    made = await scim_users.create_user(asked.directory, wanted)
    return asked.shown(made, Context.RESOURCE_CREATION_RESPONSE, HTTPStatus.CREATED)


async def _replace_user(asked: Asked) -> Response:
    wanted = await asked.resource(User, Context.RESOURCE_REPLACEMENT_REQUEST)
    changed = await scim_users.replace_user(asked.directory, asked.id, wanted, asked.if_match)
    return asked.shown(changed, Context.RESOURCE_REPLACEMENT_RESPONSE)


async def _patch_user(asked: Asked) -> Response:
    patch = await asked.patch(User)
    changed = await scim_users.patch_user(asked.directory, asked.id, patch, asked.if_match)
    return asked.shown(changed, Context.RESOURCE_PATCH_RESPONSE)


async def _delete_user(asked: Asked) -> Response:
    await scim_users.delete_user(asked.directory, asked.id, asked.if_match)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _list_groups(asked: Asked) -> Response:
    query = asked.query(Group)
    page = await scim_groups.list_groups(asked.directory, query)
    return answer(page.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=query))


async def _search_groups(asked: Asked) -> Response:
    query = await asked.search(Group)
    page = await scim_groups.list_groups(asked.directory, query)
    return answer(page.model_dump(scim_ctx=Context.SEARCH_RESPONSE, response_parameters=query))


async def _get_group(asked: Asked) -> Response:
    found = await scim_groups.get_group(asked.directory, asked.id, asked.query(Group))
    return asked.shown(found, Context.RESOURCE_QUERY_RESPONSE)


async def _create_group(asked: Asked) -> Response:
    wanted = await asked.resource(Group, Context.RESOURCE_CREATION_REQUEST)
    made = await scim_groups.create_group(asked.directory, wanted)
    return asked.shown(made, Context.RESOURCE_CREATION_RESPONSE, HTTPStatus.CREATED)


async def _replace_group(asked: Asked) -> Response:
    wanted = await asked.resource(Group, Context.RESOURCE_REPLACEMENT_REQUEST)
    changed = await scim_groups.replace_group(asked.directory, asked.id, wanted, asked.if_match)
    return asked.shown(changed, Context.RESOURCE_REPLACEMENT_RESPONSE)


async def _patch_group(asked: Asked) -> Response:
    patch = await asked.patch(Group)
    changed = await scim_groups.patch_group(asked.directory, asked.id, patch, asked.if_match)
    return asked.shown(changed, Context.RESOURCE_PATCH_RESPONSE)


async def _delete_group(asked: Asked) -> Response:
    await scim_groups.delete_group(asked.directory, asked.id, asked.if_match)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _not_offered(_: Asked) -> Response:
    raise NotImplementedException


async def _nothing(_: Asked) -> Response:
    raise NotFoundException
