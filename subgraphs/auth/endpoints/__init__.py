"""Routes of the auth subgraph that other standards than GraphQL fix, by topic."""
