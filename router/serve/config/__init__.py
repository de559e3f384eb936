"""The configuration of a router: one YAML file, the environment and the command line, in growing order of weight."""
