"""The pages of the authorization endpoint: plain HTML, which no other page can frame or restyle.

The only script is the one that asks the browser for a passkey, where somebody has one.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable
from html import escape
from typing import Final, assert_never
from urllib.parse import urlsplit

import msgspec
from starlette.responses import HTMLResponse

from subgraphs.auth.service.oauth_authorize import Asked, Problem
from subgraphs.auth.service.oauth_device_pages import DeviceForm
from subgraphs.auth.service.oauth_elsewhere import Elsewhere
from subgraphs.auth.service.oauth_logout import SignOutAsked
from subgraphs.auth.service.webauthn_challenges import Ceremony

_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:4rem auto;padding:0 1rem;color:#1b1b1f;"
    "background:#fff}label{display:block;margin:1rem 0 .25rem}input{font:inherit;width:100%;box-sizing:border-box;"
    "padding:.5rem}button{font:inherit;padding:.5rem 1.25rem;margin:1.5rem .5rem 0 0}.refusal{color:#a4000f}"
)
_STYLE_HASH: Final = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width"><style>{style}</style></head>'
    "<body><main><h1>{title}</h1>{body}</main></body></html>"
)
_FORM: Final = (
    '<form method="post" autocomplete="on"><input type="hidden" name="request" value="{request}">'
    '<input type="hidden" name="mark" value="{mark}">{fields}</form>'
)
_SIGN_IN: Final = (
    '<label for="email">E-mail address</label>'
    '<input id="email" name="email" type="email" autocomplete="username" required autofocus>'
    '<label for="password">Password</label>'
    '<input id="password" name="password" type="password" autocomplete="current-password" required>'
    '<button name="action" value="sign-in">Sign in</button>'
)
_CODE: Final = (
    '<input type="hidden" name="challenge" value="{challenge}"><label for="code">Code of your authenticator app, or a '
    'recovery code</label><input id="code" name="code" autocomplete="one-time-code" required autofocus>'
    '<button name="action" value="sign-in">Go on</button>'
)
_PASSKEY: Final = (
    '<input type="hidden" name="passkey_challenge" value="{challenge_id}">'
    '<input type="hidden" name="passkey" data-options="{options}">'
    '<button type="button" id="use-passkey">Use a passkey</button><script>{script}</script>'
)
_SCRIPT: Final = (
    "const form=document.forms[0],{passkey,code,action}=form.elements;"
    'document.getElementById("use-passkey").onclick=async()=>{'
    "const publicKey=PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(passkey.dataset.options));"
    "const credential=await navigator.credentials.get({publicKey});"
    "passkey.value=JSON.stringify(credential.toJSON());code.required=false;form.requestSubmit(action)}"
)
_SCRIPT_HASH: Final = b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
_USER_CODE: Final = (
    '<label for="user_code">Code that your device shows</label>'
    '<input id="user_code" name="user_code" autocomplete="off" autocapitalize="characters" required autofocus>'
    '<button name="action" value="look">Go on</button>'
)
_SIGN_OUT: Final = '<button name="action" value="sign-out">Sign out</button>'
_CONSENT: Final = (
    '<button name="action" value="allow">Allow</button><button name="action" value="deny">Do not allow</button>'
)


def form_page(asked: Asked) -> HTMLResponse:
    """The form to sign in with, or to consent with."""
    app, tenant = escape(asked.app), escape(asked.tenant)
    if asked.email is None:
        title, fields = f"Sign in to {tenant}", _SIGN_IN if asked.by_password else ""
        elsewhere = _elsewhere(asked.providers)
        if asked.challenge:
            fields, elsewhere = _second_factor(asked.challenge, asked.passkey), ""
        body = f"<p>to go on to <strong>{app}</strong></p>"
        if asked.refusal:
            body += f'<p class="refusal" role="alert">{escape(asked.refusal)}</p>'
    else:
        title, fields, elsewhere = f"{app} wants to act for you", _CONSENT, ""
        allows = "".join(f"<li>{escape(each)}</li>" for each in asked.allows)
        body = f"<p>You are {escape(asked.email)} at {tenant}. It asks to:</p><ul>{allows}</ul>"
        if asked.registered_itself:
            place = escape(_source(asked.returns_to))
            body += f'<p class="refusal">It has registered itself, nobody at {tenant} has looked at it: {place}</p>'
    form = _FORM.format(request=escape(asked.request), mark=escape(asked.mark), fields=fields) if fields else ""
    return _page(
        title, body + form + elsewhere, status=200 if asked.refusal is None else 403, returns_to=asked.returns_to
    )


def _elsewhere(providers: Iterable[Elsewhere]) -> str:
    """Links to identity providers: no form, which could not lead to other sites."""
    return "".join(f'<p><a href="{escape(each.url)}">Sign in through {escape(each.name)}</a></p>' for each in providers)


def device_page(form: DeviceForm) -> HTMLResponse:
    """What whoever has a device before them types, reads or decides."""
    app, tenant, elsewhere = escape(form.app), escape(form.tenant), ""
    match form.step:
        case "sign-in" if form.challenge:
            title, body = f"Sign in to {tenant}", "<p>to connect a device</p>"
            fields = _second_factor(form.challenge, form.passkey)
        case "sign-in":
            title, body = f"Sign in to {tenant}", "<p>to connect a device</p>"
            fields, elsewhere = _SIGN_IN if form.by_password else "", _elsewhere(form.providers)
        case "code":
            title, body, fields = "Connect a device", f"<p>It will act for you at {tenant}.</p>", _USER_CODE
        case "consent":
            title, fields = f"{app} wants to act for you", _CONSENT
            allows = "".join(f"<li>{escape(each)}</li>" for each in form.allows)
            body = (
                f"<p>Go on only if the device before you shows <strong>{escape(form.user_code)}</strong>.</p>"
                f"<p>You are {escape(form.email)} at {tenant}. It asks to:</p><ul>{allows}</ul>"
            )
        case "done":
            said = f"{app} may act for you now" if form.allowed else f"{app} may not act for you"
            return _page(said, "<p>Go back to your device.</p>", status=200)
        case _:
            assert_never(form.step)
    if form.refusal:
        body += f'<p class="refusal" role="alert">{escape(form.refusal)}</p>'
    sent = _FORM.format(request=escape(form.request), mark=escape(form.mark), fields=fields) if fields else ""
    return _page(title, body + sent + elsewhere, status=200 if form.refusal is None else 403, asks=True)


def _second_factor(challenge: str, passkey: Ceremony | None) -> str:
    fields = _CODE.format(challenge=escape(challenge))
    if passkey is None:
        return fields
    options = escape(msgspec.json.encode(passkey.options).decode())
    return fields + _PASSKEY.format(challenge_id=passkey.challenge_id, options=options, script=_SCRIPT)


def sign_out_page(asked: SignOutAsked) -> HTMLResponse:
    """Whether somebody wants to be signed out."""
    body = f"<p>You are signed in to {escape(asked.tenant)} in this browser.</p>"
    form = _FORM.format(request=escape(asked.request), mark=escape(asked.mark), fields=_SIGN_OUT)
    return _page("Sign out?", body + form, status=200, asks=True, returns_to=asked.returns_to)


def signed_out_page() -> HTMLResponse:
    """Nobody is signed in any more."""
    return _page("You are signed out", "<p>You can close this page.</p>", status=200)


def problem_page(problem: Problem) -> HTMLResponse:
    """Why there is nothing to decide."""
    return _page("This request cannot be answered", f"<p>{escape(problem.message)}.</p>", status=400)


def _page(title: str, body: str, *, status: int, asks: bool = False, returns_to: str | None = None) -> HTMLResponse:
    content = _PAGE.format(title=title, style=_STYLE, body=body)
    policy = _policy(returns_to, asks=asks or returns_to is not None)
    return HTMLResponse(content, status_code=status, headers={"Content-Security-Policy": policy})


def _policy(returns_to: str | None, *, asks: bool) -> str:
    """What the page may do: be seen by itself, and send its form here, from where the browser goes on to the app."""
    places = ["'self'"] if asks else ["'none'"]
    allowed = " ".join(places if returns_to is None else [*places, _source(returns_to)])
    return (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; script-src 'sha256-{_SCRIPT_HASH}'; "
        f"form-action {allowed}; base-uri 'none'; frame-ancestors 'none'"
    )


def _source(uri: str) -> str:
    """Where a form may lead, as a policy names it: browsers apply it to redirections as well."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
