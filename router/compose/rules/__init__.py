"""What subgraphs must keep to, one rule a file, each file named for the code of its error."""
