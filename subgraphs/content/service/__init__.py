"""What can be done with content: lessons.py writes it, indexing.py keeps it findable, finding.py finds it."""
