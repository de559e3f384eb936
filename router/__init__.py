"""A GraphQL federation router as a library: compose subgraphs, plan operations, execute plans, serve clients."""
