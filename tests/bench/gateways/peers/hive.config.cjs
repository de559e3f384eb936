// Hive Gateway as it comes, without the limits that the benchmark switches off; SHARE says whether identical subgraph
// requests in flight are one.
const sharing = { options: { deduplicateInflightRequests: Boolean(process.env.SHARE) } };
exports.gatewayConfig = { maxDepth: false, maxTokens: false, logging: "error", transportEntries: { "*.http": sharing } };
