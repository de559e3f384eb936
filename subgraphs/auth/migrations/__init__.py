"""The history of the auth subgraph's tables, run once per tenant schema."""
