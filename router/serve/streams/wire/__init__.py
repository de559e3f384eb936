"""WebSockets behind uvicorn, for servers that hold very many of them."""
