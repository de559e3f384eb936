"""What can be done with identities, and when it is refused; one module a topic, named alike in every room."""
