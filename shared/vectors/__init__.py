"""Similarity search: one port (port.py), adapters on pgvector and Pinecone, and the embeddings of texts."""
