"""What operations cost, and who may still spend how much."""
