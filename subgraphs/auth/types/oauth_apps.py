"""The GraphQL types of OAuth apps."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from shared import checks
from shared.errors import BadUserInput
from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from subgraphs.auth.models import OAuthApp as OAuthAppRow
from subgraphs.auth.models import OAuthConsent
from subgraphs.auth.service.oauth_apps import ChangedApp, NewOAuthApp
from subgraphs.auth.service.oauth_keys import public_keys


@strawberry.type(description="An app of somebody else's that people let act for them.")
class OAuthApp:
    id: strawberry.ID = strawberry.field(description="Its `client_id`; it never changes.")
    name: str = strawberry.field(description="What people read who are asked for their consent.")
    confidential: bool = strawberry.field(description="Whether it has a secret.")
    redirect_uris: list[str] = strawberry.field(description="Where browsers are sent back to: to these exactly.")
    post_logout_redirect_uris: list[str] = strawberry.field(
        description="Where browsers may return to once somebody has signed out."
    )
    backchannel_logout_uri: str | None = strawberry.field(
        description="Where it is told that somebody has signed out; null if it is not."
    )
    backchannel_logout_session_required: bool = strawberry.field(
        description="Whether it has to be told which session of theirs has ended."
    )
    scopes: list[str] = strawberry.field(description="Most that it can be granted.")
    grant_types: list[str] = strawberry.field(description="How it gets tokens, by OAuth's names.")
    may_introspect: bool = strawberry.field(description="Whether it may ask about other apps' tokens.")
    pushed_requests_only: bool = strawberry.field(description="Whether it has to push its authorization requests.")
    dpop_bound_tokens: bool = strawberry.field(description="Whether it gets tokens for keys of its own alone (DPoP).")
    jwks: JSON | None = strawberry.field(description="Its public keys (RFC 7517); null if it has none.")
    authenticates_by_key: bool = strawberry.field(description="Whether it proves by a key who it is, not by a secret.")
    created_at: datetime = strawberry.field(description="When it was registered.")

    @classmethod
    def of(cls, row: OAuthAppRow) -> "OAuthApp":
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            confidential=row.confidential,
            redirect_uris=list(row.redirect_uris),
            post_logout_redirect_uris=list(row.post_logout_redirect_uris),
            backchannel_logout_uri=row.backchannel_logout_uri,
            backchannel_logout_session_required=row.backchannel_logout_session_required,
            scopes=list(row.scopes),
            grant_types=list(row.grant_types),
            may_introspect=row.may_introspect,
            pushed_requests_only=row.pushed_requests_only,
            dpop_bound_tokens=row.dpop_bound_tokens,
            jwks=None if row.jwks is None else JSON(row.jwks),
            authenticates_by_key=row.authenticates_by_key,
            created_at=row.created_at,
        )


@strawberry.type(description="What the viewer lets an app do for them.")
class AuthorizedApp:
    app_id: strawberry.ID = strawberry.field(description="The app's id; `withdrawAppConsent` takes it.")
    name: str = strawberry.field(description="What the app is called.")
    scopes: list[str] = strawberry.field(description="What it may do, as long as the viewer may.")
    granted_at: datetime = strawberry.field(description="When that was last said.")

    @classmethod
    def of(cls, consent: OAuthConsent, names: dict[UUID, str]) -> "AuthorizedApp":
        return cls(
            app_id=strawberry.ID(str(consent.app_id)),
            name=names[consent.app_id],
            scopes=list(consent.scopes),
            granted_at=consent.granted_at,
        )


@strawberry.input(description="An app to register.")
class RegisterOAuthAppInput(MutationInput):
    name: str = strawberry.field(description="What people read who are asked: 1 to 200 characters.")
    scopes: list[str] = strawberry.field(
        description="Most that it can be granted: permissions of the viewer's, `openid`, `email`, `offline_access`."
    )
    redirect_uris: list[str] = strawberry.field(
        default_factory=list,
        description="Up to 10: https, or http on 127.0.0.1 or [::1], or a scheme of the app's own. They are compared "
        "exactly, but for the port on this machine.",
    )
    confidential: bool = strawberry.field(
        default=True, description="Whether it can keep a secret. Programs on people's devices cannot."
    )
    grant_types: list[str] = strawberry.field(
        default_factory=lambda: ["authorization_code", "refresh_token"],
        description="Of `authorization_code`, `refresh_token`, `client_credentials` and "
        "`urn:ietf:params:oauth:grant-type:device_code`, and `urn:ietf:params:oauth:grant-type:token-exchange` for "
        "apps of the tenant's support.",
    )
    may_introspect: bool = strawberry.field(
        default=False, description="Whether it may ask about other apps' tokens, as a resource server does."
    )
    pushed_requests_only: bool = strawberry.field(
        default=False, description="Whether it has to push its authorization requests."
    )
    dpop_bound_tokens: bool = strawberry.field(
        default=False, description="Whether it is to get tokens for keys of its own alone (DPoP)."
    )
    post_logout_redirect_uris: list[str] = strawberry.field(
        default_factory=list, description="Where browsers may return to once somebody has signed out, like these."
    )
    backchannel_logout_uri: str | None = strawberry.field(
        default=None,
        description="Where it is told that somebody has signed out, with a logout token (OpenID Connect Back-Channel "
        "Logout): https.",
    )
    backchannel_logout_session_required: bool = strawberry.field(
        default=False, description="Whether it has to be told which session of theirs has ended."
    )
    jwks: JSON | None = strawberry.field(
        default=None, description="Its public keys (RFC 7517): P-256, Ed25519 or RSA. They are never fetched."
    )
    authenticates_by_key: bool = strawberry.field(
        default=False, description="Whether it proves by a key who it is (private_key_jwt), and has no secret."
    )

    def asked(self) -> NewOAuthApp:
        return NewOAuthApp(
            name=checks.text(self.name, field="name"),
            confidential=self.confidential,
            redirect_uris=self.redirect_uris,
            scopes=frozenset(self.scopes),
            grant_types=frozenset(self.grant_types),
            may_introspect=self.may_introspect,
            pushed_requests_only=self.pushed_requests_only,
            dpop_bound_tokens=self.dpop_bound_tokens,
            post_logout_redirect_uris=self.post_logout_redirect_uris,
            backchannel_logout_uri=self.backchannel_logout_uri or None,
            backchannel_logout_session_required=self.backchannel_logout_session_required,
            jwks=_keys(self.jwks),
            authenticates_by_key=self.authenticates_by_key,
        )


def _keys(jwks: object) -> dict[str, Any] | None:
    if jwks is None:
        return None
    if not isinstance(jwks, dict):
        raise BadUserInput("`jwks` is a key set, an object", field="jwks")
    return public_keys(cast("dict[str, Any]", jwks), field="jwks")


@strawberry.input(description="What is different about an app; what is left out stays.")
class UpdateOAuthAppInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The app's id.")
    name: str | None = strawberry.field(default=None, description="What people read who are asked.")
    scopes: list[str] | None = strawberry.field(
        default=None, description="Most that it can be granted; more than before only of what the viewer may do."
    )
    redirect_uris: list[str] | None = strawberry.field(default=None, description="Where browsers are sent back to.")
    post_logout_redirect_uris: list[str] | None = strawberry.field(
        default=None, description="Where browsers may return to once somebody has signed out."
    )
    backchannel_logout_uri: str | None = strawberry.field(
        default=None, description="Where it is told that somebody has signed out; an empty text for nowhere any more."
    )
    backchannel_logout_session_required: bool | None = strawberry.field(
        default=None, description="Whether it has to be told which session of theirs has ended."
    )
    grant_types: list[str] | None = strawberry.field(default=None, description="How it gets tokens.")
    may_introspect: bool | None = strawberry.field(
        default=None, description="Whether it may ask about other apps' tokens."
    )
    pushed_requests_only: bool | None = strawberry.field(
        default=None, description="Whether it has to push its authorization requests."
    )
    dpop_bound_tokens: bool | None = strawberry.field(
        default=None, description="Whether it gets tokens for keys of its own alone."
    )
    jwks: JSON | None = strawberry.field(default=None, description="Other public keys, in place of all before.")

    def changes(self) -> dict[str, Any]:
        """By the names of `NewOAuthApp`."""
        given: dict[str, Any] = {
            "name": None if self.name is None else checks.text(self.name, field="name"),
            "scopes": None if self.scopes is None else frozenset(self.scopes),
            "redirect_uris": self.redirect_uris,
            "post_logout_redirect_uris": self.post_logout_redirect_uris,
            "backchannel_logout_session_required": self.backchannel_logout_session_required,
            "grant_types": None if self.grant_types is None else frozenset(self.grant_types),
            "may_introspect": self.may_introspect,
            "pushed_requests_only": self.pushed_requests_only,
            "dpop_bound_tokens": self.dpop_bound_tokens,
            "jwks": _keys(self.jwks),
        }
        changed = {name: value for name, value in given.items() if value is not None}
        if self.backchannel_logout_uri is not None:
            changed["backchannel_logout_uri"] = self.backchannel_logout_uri or None
        return changed


@strawberry.type(description="What came of `updateOAuthApp`.")
class UpdateOAuthAppPayload(Payload):
    app: OAuthApp | None = strawberry.field(default=None, description="The app; null if it was refused.")


@strawberry.type(description="What came of `registerOAuthApp`.")
class RegisterOAuthAppPayload(Payload):
    app: OAuthApp | None = strawberry.field(default=None, description="The app; null if it was refused.")
    client_secret: str | None = strawberry.field(
        default=None,
        description="Of a confidential app. It is shown this once: a repetition of the request gives null.",
    )

    @classmethod
    def of(cls, changed: ChangedApp) -> "RegisterOAuthAppPayload":
        return cls(app=OAuthApp.of(changed.row), client_secret=changed.secret)


@strawberry.input(description="Which app gets another secret.")
class RotateOAuthAppSecretInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The app's id.")
    overlap_seconds: int = strawberry.field(
        default=86_400, description="For how long the secret before is good: 0 to 30 days."
    )

    @property
    def overlap(self) -> timedelta:
        return timedelta(seconds=self.overlap_seconds)


@strawberry.type(description="What came of `rotateOAuthAppSecret`.")
class RotateOAuthAppSecretPayload(Payload):
    app: OAuthApp | None = strawberry.field(default=None, description="The app; null if it was refused.")
    client_secret: str | None = strawberry.field(
        default=None, description="The new one. It is shown this once: a repetition of the request gives null."
    )

    @classmethod
    def of(cls, changed: ChangedApp) -> "RotateOAuthAppSecretPayload":
        return cls(app=OAuthApp.of(changed.row), client_secret=changed.secret)


@strawberry.input(description="Which app is to go.")
class RemoveOAuthAppInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The app's id.")


@strawberry.type(description="What came of `removeOAuthApp`.")
class RemoveOAuthAppPayload(Payload):
    app_id: strawberry.ID | None = strawberry.field(
        default=None, description="The app that is gone, with all of its tokens."
    )


@strawberry.input(description="Which app is to act for the viewer no more.")
class WithdrawAppConsentInput(MutationInput):
    app_id: strawberry.ID = strawberry.field(description="The app's id.")


@strawberry.type(description="What came of `withdrawAppConsent`.")
class WithdrawAppConsentPayload(Payload):
    app_id: strawberry.ID | None = strawberry.field(
        default=None, description="The app, whose tokens for the viewer have all ended."
    )
