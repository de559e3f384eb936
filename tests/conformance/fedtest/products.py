"""The subgraph that Apollo's tests want to see: products, written as Studium's subgraphs are.

Source: https://www.npmjs.com/package/@apollo/federation-subgraph-compatibility
"""

from typing import Any

import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from strawberry.federation import Schema
from strawberry.federation.schema_directives import Override
from strawberry.schema_directive import Location

from shared.graphql.field_traces import FieldTraces, traced_if_asked, traces_wanted

EMAIL = "support@apollographql.com"


@strawberry.federation.schema_directive(
    locations=[Location.OBJECT], name="custom", compose=True, import_url="https://myspecs.dev/myCustomDirective/v1.0"
)
class Custom:
    """What composition has to keep."""


@strawberry.federation.type(shareable=True)
class ProductDimension:
    size: str | None
    weight: float | None
    unit: str | None = strawberry.federation.field(inaccessible=True)


@strawberry.type
class ProductVariation:
    id: strawberry.ID


@strawberry.type
class CaseStudy:
    case_number: strawberry.ID
    description: str | None


@strawberry.federation.type(keys=["study { caseNumber }"])
class ProductResearch:
    study: CaseStudy
    outcome: str | None = None

    @classmethod
    def resolve_reference(cls, study: dict[str, Any]) -> "ProductResearch | None":
        return next((each for each in RESEARCH if each.study.case_number == study["caseNumber"]), None)


@strawberry.federation.type(keys=["email"], extend=True)
class User:
    email: strawberry.ID = strawberry.federation.field(external=True)
    name: str | None = strawberry.federation.field(directives=[Override(override_from="users")], default="Jane Smith")
    total_products_created: int | None = strawberry.federation.field(external=True, default=1337)
    years_of_employment: int = strawberry.federation.field(external=True, default=0)

    @strawberry.federation.field(requires=["totalProductsCreated", "yearsOfEmployment"])
    def average_products_created_per_year(self) -> int | None:
        if self.total_products_created is None or not self.years_of_employment:
            return None
        return round(self.total_products_created / self.years_of_employment)

    @classmethod
    def resolve_reference(cls, email: strawberry.ID, **required: Any) -> "User":
        created, years = required.get("totalProductsCreated", 1337), required.get("yearsOfEmployment", 0)
        return cls(email=email, total_products_created=created, years_of_employment=years)


@strawberry.federation.type(keys=["sku package"])
class DeprecatedProduct:
    sku: str
    package: str
    reason: str | None

    @strawberry.field
    def created_by(self) -> User | None:
        return User(email=strawberry.ID(EMAIL))

    @classmethod
    def resolve_reference(cls, sku: str, package: str) -> "DeprecatedProduct | None":
        return DEPRECATED if (sku, package) == (DEPRECATED.sku, DEPRECATED.package) else None


@strawberry.federation.type(keys=["id", "sku package", "sku variation { id }"], directives=[Custom()])
class Product:
    id: strawberry.ID
    sku: str | None
    package: str | None
    variation: ProductVariation | None
    research: list[ProductResearch]
    notes: str | None = strawberry.federation.field(tags=["internal"], default=None)

    @strawberry.field
    def dimensions(self) -> ProductDimension | None:
        return ProductDimension(size="small", weight=1, unit="kg")

    @strawberry.federation.field(provides=["totalProductsCreated"])
    def created_by(self) -> User | None:
        return User(email=strawberry.ID(EMAIL))

    @classmethod
    def resolve_reference(cls, **key: Any) -> "Product | None":
        return next((each for each in PRODUCTS if _has(each, key)), None)


def _has(product: Product, key: dict[str, Any]) -> bool:
    variation = product.variation.id if product.variation else None
    known = {"id": product.id, "sku": product.sku, "package": product.package, "variation": {"id": variation}}
    return all(known[name] == value for name, value in key.items() if name in known)


@strawberry.federation.interface_object(keys=["id"])
class Inventory:
    id: strawberry.ID
    deprecated_products: list[DeprecatedProduct]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Inventory":
        return cls(id=id, deprecated_products=[DEPRECATED])


RESEARCH = [
    ProductResearch(study=CaseStudy(case_number=strawberry.ID("1234"), description="Federation Study")),
    ProductResearch(study=CaseStudy(case_number=strawberry.ID("1235"), description="Studio Study")),
]
PRODUCTS = [
    Product(
        id=strawberry.ID("apollo-federation"),
        sku="federation",
        package="@apollo/federation",
        variation=ProductVariation(id=strawberry.ID("OSS")),
        research=RESEARCH[:1],
    ),
    Product(
        id=strawberry.ID("apollo-studio"),
        sku="studio",
        package="",
        variation=ProductVariation(id=strawberry.ID("platform")),
        research=RESEARCH[1:],
    ),
]
DEPRECATED = DeprecatedProduct(
    sku="apollo-federation-v1", package="@apollo/federation-v1", reason="Migrate to Federation V2"
)


@strawberry.federation.type(extend=True)
class Query:
    @strawberry.field
    def product(self, id: strawberry.ID) -> Product | None:
        return next((each for each in PRODUCTS if each.id == id), None)

    @strawberry.field(deprecation_reason="Use product query instead")
    def deprecated_product(self, sku: str, package: str) -> DeprecatedProduct | None:
        return DeprecatedProduct.resolve_reference(sku, package)


class ProductsSchema(Schema):
    """Tells how long fields took, where it is asked for."""

    def get_extensions(self, sync: bool = False) -> list[Any]:  # noqa: FBT001, FBT002  # Strawberry's own signature
        extensions = super().get_extensions(sync)
        return [*extensions, FieldTraces()] if traces_wanted() else extensions


SCHEMA = ProductsSchema(query=Query, types=[Inventory, User, ProductResearch], federation_version="2.3")


def create_products() -> Starlette:
    """The subgraph at `/`."""

    async def answer(request: Request) -> JSONResponse:
        asked = await request.json()
        with traced_if_asked(request.headers):
            result: Any = await SCHEMA.execute(asked["query"], asked.get("variables"))
        told = {"data": result.data, "errors": [each.formatted for each in result.errors or ()]}
        return JSONResponse({name: each for name, each in (told | {"extensions": result.extensions}).items() if each})

    return Starlette(routes=[Route("/", answer, methods=["POST"])])
