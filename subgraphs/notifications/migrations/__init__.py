"""The history of the notifications subgraph's tables, run once per tenant schema."""
