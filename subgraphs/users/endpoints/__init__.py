"""Routes of the users subgraph that other standards than GraphQL fix, by topic."""
