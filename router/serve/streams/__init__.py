"""Answers of more than one part: subscriptions and what is deferred, over every transport that can carry them."""
