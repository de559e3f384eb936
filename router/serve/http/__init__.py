"""GraphQL over HTTP: what a client sends by POST and GET, and what it is sent back."""
