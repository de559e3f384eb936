"""Who asks, and what of the graph they may see."""
