"""What a subgraph that fails costs everybody else, and what it gets itself: `python -m tests.bench.faults`."""
