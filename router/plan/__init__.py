"""From a client's operation to the requests that answer it."""
