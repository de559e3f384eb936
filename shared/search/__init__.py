"""Full-text search: one port (port.py), an embedded adapter (tantivy.py) and one for a cluster (elasticsearch.py)."""
