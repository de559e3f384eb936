// Runs graphql-http's audit of servers against the router whose address is given, and prints what went wrong as JSON.
import { auditServer } from "graphql-http";

const address = process.argv[2];
const results = await auditServer({ url: `http://${address}/graphql`, fetchFn: fetch });
const outcomes = {};
for (const { id, name, status, reason } of results) {
  outcomes[`${id} ${name}`] = status === "ok" ? null : `${status}: ${reason}`;
}
process.stdout.write(JSON.stringify(outcomes));
