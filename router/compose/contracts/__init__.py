"""Contracts: variants of a supergraph that show clients a part of it, chosen by `@tag`.

`mask` decides by the tags what is hidden, `reach` what nothing visible leads to; hidden is what carries
`@inaccessible`, so that a variant is a supergraph as any other. One that would not leave a schema is refused with the
codes of `@inaccessible`.

Source: https://www.apollographql.com/docs/graphos/platform/schema-management/delivery/contracts/reference
"""

from router.compose.contracts.apply import Variant, apply_contract
from router.compose.contracts.contract import Contract

__all__ = ["Contract", "Variant", "apply_contract"]
