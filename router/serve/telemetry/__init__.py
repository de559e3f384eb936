"""What operators see of a router: metrics, traces, logs, usage and what to charge for."""
