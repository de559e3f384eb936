// Lets each client do what is asked of it at the router whose address is given, and prints what went wrong as JSON.
// What Relay's compiler has made is in the folder that is given, too.
import apollo from "./apollo.mjs";
import { distinctConnections, singleConnection } from "./graphql_sse.mjs";
import graphqlWs from "./graphql_ws.mjs";
import relay from "./relay.mjs";
import urql from "./urql.mjs";

const [, , address, artifacts] = process.argv;

const CLIENTS = {
  "graphql-ws": graphqlWs,
  "graphql-sse, distinct connections": distinctConnections,
  "graphql-sse, single connection": singleConnection,
  "Apollo Client": apollo,
  urql,
  Relay: relay(artifacts),
};

const PATIENCE_MILLISECONDS = 60_000;

function patiently(work) {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("It did not end.")), PATIENCE_MILLISECONDS).unref();
    work.then(resolve, reject);
  });
}

// Errors of work that nobody waits for any more, as when a connection was cut.
process.on("unhandledRejection", () => {});

const outcomes = {};
for (const [client, scenarios] of Object.entries(CLIENTS)) {
  for (const [name, scenario] of Object.entries(scenarios)) {
    outcomes[`${client}: ${name}`] = await patiently(scenario(address)).then(
      () => null,
      (error) => error.stack ?? JSON.stringify(error),
    );
  }
}
process.stdout.write(JSON.stringify(outcomes));
process.exit(0);
