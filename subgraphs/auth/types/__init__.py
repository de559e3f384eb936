"""The GraphQL types of the auth subgraph, by topic."""
