"""The subgraphs of the graph, one package each, with the same rooms in every one (see README.md beside this file)."""
