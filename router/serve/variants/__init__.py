"""One supergraph for many tenants: what each of them sees of it, may spend, and is served from."""
