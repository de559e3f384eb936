"""Caches of subgraphs' answers and of whole answers, apart by tenant, scopes and caller.

`config` says what is kept and for how long; `lifetimes`, `hints` and `policy` find out how long an answer may be kept
and for whom; `shapes` reads a request to a subgraph, and `identity` says whose it is; `store` is what keeps, in memory
or on Redis; `transport` stands in front of each subgraph; `caches` is what a router has of all this.
"""
