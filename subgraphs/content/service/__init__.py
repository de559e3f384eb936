"""What can be done with content.

lessons.py writes it, releasing.py tells who sees it, indexing.py keeps it findable, finding.py finds it,
storage.py counts what it takes up.
"""
