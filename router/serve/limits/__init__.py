"""What refuses a document before any work is done for it."""

from router.serve.limits.bounds import Limits

__all__ = ["Limits"]
