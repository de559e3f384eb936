"""The history of the analytics subgraph's tables, run once per tenant schema."""
