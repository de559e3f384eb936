"""The platform's own command, and the only package that imports every other."""
