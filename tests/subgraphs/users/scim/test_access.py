"""Who may provision a tenant's people, and how much at once."""

from typing import Any

from httpx2 import AsyncClient

from tests.subgraphs.users.conftest import AddUser
from tests.subgraphs.users.scim.conftest import GROUP, PROVISION, USER, Connect, patch, person
from tests.tenants import Tenant


async def test_only_who_holds_the_permission_in_the_tenant_is_let_in(
    connect: Connect, tenant: Tenant, other_tenant: Tenant
) -> None:
    expected = (
        (None, 401),
        (tenant.caller("users:manage", "users:read"), 403),
        (other_tenant.caller(PROVISION), 401),
        (tenant.caller(PROVISION), 200),
    )
    for caller, status in expected:
        async with connect(tenant, caller) as client:
            for path in ("/Users", "/ServiceProviderConfig", "/Groups", "/Schemas"):
                answer = await client.get(path)
                assert answer.status_code == status
                assert answer.headers["content-type"] == "application/scim+json"
                assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)
    async with connect(Tenant(tenant.id, "nowhere"), tenant.caller(PROVISION)) as client:
        assert (await client.get("/Users")).status_code == 404


async def test_what_is_another_tenants_is_not_there(
    connect: Connect, scim: AsyncClient, other_tenant: Tenant, add_user: AddUser
) -> None:
    """Its ids answer as any other id does: read, changed, taken away, and put into a group."""
    ada = await add_user(other_tenant, "ada@example.org")
    async with connect(other_tenant, other_tenant.caller(PROVISION)) as theirs:
        made = await theirs.post("/Groups", json={"schemas": [GROUP], "displayName": "Choir"})
    op = patch({"op": "replace", "path": "displayName", "value": "Mine"})
    for path in (f"/Users/{ada.id}", f"/Groups/{made.json()['id']}"):
        body = person("eve") if "Users" in path else {"schemas": [GROUP], "displayName": "Mine"}
        answers = [
            await scim.get(path),
            await scim.put(path, json=body),
            await scim.patch(path, json=op),
            await scim.delete(path),
        ]
        assert {answer.status_code for answer in answers} == {404}
    mine = {"schemas": [GROUP], "displayName": "Mine", "members": [{"value": str(ada.id)}]}
    assert (await scim.post("/Groups", json=mine)).json()["scimType"] == "invalidValue"
    assert (await scim.get("/Users", params={"filter": f'id eq "{ada.id}"'})).json()["totalResults"] == 0


_REFUSED: tuple[tuple[str, str, bytes, int], ...] = (
    ("POST", "/Users", b"{", 400),
    ("POST", "/Users", b"[]", 400),
    ("POST", "/Users", b'{"schemas": []}', 400),
    ("POST", "/Users", b"[" * 100_000, 400),
    ("POST", "/Users", b'{"name": ' * 1_000 + b"1" + b"}" * 1_000, 400),
    ("POST", "/Users", b" " * (1024 * 1024 + 1), 413),
    ("DELETE", "/Users", b"", 405),
    ("PATCH", "/Schemas", b"{}", 405),
    ("POST", "/Bulk", b"{}", 501),
    ("GET", "/Me", b"", 501),
    ("GET", "/Users/../../oauth/jwks", b"", 404),
    ("GET", "/Users/0", b"", 404),
    ("GET", "/Users?filter=" + "a" * 9_000, b"", 414),
    ("GET", "/Users?startIndex=99999999", b"", 400),
    ("GET", "/Users?cursor=zzz", b"", 400),
    ("GET", "/Users?sortBy=emails.type", b"", 400),
)


async def test_what_cannot_be_is_refused_as_the_standard_says(scim: AsyncClient) -> None:
    for method, path, body, status in _REFUSED:
        answer = await scim.request(method, path, content=body)
        assert answer.status_code == status, path
        if ".." not in path:
            assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
            assert answer.json()["status"] == str(status)


async def test_a_patch_has_not_too_many_operations_nor_too_deep_a_path(scim: AsyncClient) -> None:
    made = (await scim.post("/Users", json=person("ada"))).json()
    op = {"op": "replace", "path": "title", "value": "x"}
    assert (await scim.patch(f"/Users/{made['id']}", json=patch(*[op] * 101))).status_code == 413
    deep: dict[str, Any] = {"op": "remove", "path": f"emails[{'not (' * 50}value pr{')' * 50}]"}
    assert (await scim.patch(f"/Users/{made['id']}", json=patch(deep))).json()["scimType"] == "invalidFilter"
    many = {"op": "replace", "value": {f"a{number}": 1 for number in range(101)}}
    assert (await scim.patch(f"/Users/{made['id']}", json=patch(many))).status_code == 413
    names = {"attributes": ",".join(f"a{number}" for number in range(101))}
    assert (await scim.get("/Users", params=names)).status_code == 413
    assert (await scim.post("/Users/.search", json=names)).status_code == 413
    assert (await scim.post("/Users", json=person("bob"), params={"attributes": "a..b"})).status_code == 400
    assert (await scim.get("/Users")).json()["totalResults"] == 1
    assert (await scim.post("/Users", content=b"{}", headers={"content-type": "text/plain"})).status_code == 415
    assert made["schemas"] == [USER]
