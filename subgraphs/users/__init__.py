"""People: owns `User` and invitations; extends `Tenant` with its number of people.

Who a person is stands here; how they prove it (accounts, passwords, sessions) stands in the auth subgraph.
"""
