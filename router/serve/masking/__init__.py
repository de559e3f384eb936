"""What clients get to see of the errors of subgraphs."""
