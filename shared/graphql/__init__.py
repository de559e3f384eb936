"""The GraphQL kit: everything a subgraph's schema and app are made of.

Pipeline: ``app`` or ``websocket`` decode a ``request`` → ``service`` builds a ``context`` and executes the ``schema``,
which resolves ``entities``, loads through ``loaders`` and masks bugs (``masking``).
"""
