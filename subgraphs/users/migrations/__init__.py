"""The history of the users subgraph's tables, run once per tenant schema."""
