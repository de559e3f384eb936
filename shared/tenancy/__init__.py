"""Tenants: the registry, the names of their schemas and roles, provisioning and migrations."""
