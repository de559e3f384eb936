"""Merge subgraphs into a supergraph, a module per kind of definition."""
