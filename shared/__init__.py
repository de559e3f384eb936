"""What every subgraph needs and nothing it could do without."""
