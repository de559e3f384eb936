"""Every statement of the auth subgraph, by topic."""
