"""What can be done with people, and when it is refused; one module a topic, named alike in every room."""
