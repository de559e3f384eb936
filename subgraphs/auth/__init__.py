"""Identity and trust: owns `Tenant` and `Viewer`; opens accounts, signs people in, issues the tokens all others verify.

Who a person is stands in the users subgraph; here stands how they prove it.
"""
