"""Every statement of the users subgraph; one module a topic, named alike in every room."""
