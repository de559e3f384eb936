"""The life of a router: another supergraph without a pause, an orderly end, and several processes."""
