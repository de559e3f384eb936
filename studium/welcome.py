"""What `studium up` says once everything runs: where to look, who to be, and a first query that works as printed."""

import json
from typing import Final

from rich.console import Console
from rich.table import Table

from studium.demo import PASSWORD, TENANTS

SIGN_IN: Final = """mutation {
  signIn(input: {tenant: "%s", email: "%s", password: "%s"}) {
    session { accessToken }
  }
}"""
FIRST_QUERY: Final = """{
  me { displayName }
  myEnrollments {
    edges { node { progress course { title modules { title items { item { title viewerProgress { percent } } } } } } }
  }
  unreadCount
}"""


def welcome(console: Console, url: str, *, seconds: float, demo: bool) -> None:
    """Print it all. Commands are printed raw: not wrapped, not coloured, so that they can be pasted."""
    console.print(f"\n[bold]Studium is up[/] after {seconds:.1f} s")
    console.print(f"  GraphQL and GraphiQL   {url}", soft_wrap=True)
    console.print(f"  WebSocket              {url.replace('http', 'ws', 1)}", soft_wrap=True)
    if demo:
        console.print(_accounts())
        console.print("A first query, for the shell:\n", style="bold")
        console.print(first_query(url), markup=False, soft_wrap=True)
        console.print()


def first_query(url: str) -> str:
    """Two commands: sign in as a learner and keep the token, then ask what spans several subgraphs."""
    learner = TENANTS[0].of_role("LEARNER")[0]
    sign_in = SIGN_IN % (TENANTS[0].slug, learner.email, PASSWORD)
    extract = "import json,sys; print(json.load(sys.stdin)['data']['signIn']['session']['accessToken'])"
    return "\n".join(
        [
            f'TOKEN=$(curl -s {url} {_body(sign_in)} | python3 -c "{extract}")',
            f'curl -s {url} -H "Authorization: Bearer $TOKEN" {_body(FIRST_QUERY)}',
        ]
    )


def _body(document: str) -> str:
    """The options of curl that post a document, which holds no single quote."""
    query = json.dumps({"query": " ".join(document.split())})
    return f"-H 'Content-Type: application/json' -d '{query}'"


def _accounts() -> Table:
    table = Table("tenant", "role", "e-mail", "password", title="Demo accounts", title_justify="left", box=None)
    for tenant in TENANTS:
        for person in tenant.people:
            table.add_row(tenant.slug, person.role.lower(), person.email, PASSWORD)
    return table
