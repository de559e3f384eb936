// graphql-ws: every operation over one WebSocket.
import { createClient } from "graphql-ws";
import * as check from "./checks.mjs";

function open(address, options = {}) {
  return createClient({ url: `ws://${address}/graphql`, retryWait: async () => {}, shouldRetry: () => true, ...options });
}

async function all(client, request) {
  const found = [];
  for await (const result of client.iterate(request)) found.push(result);
  await client.dispose();
  return found;
}

export default {
  ...check.basics((address, request) => all(open(address), request)),
  async error(address) {
    const [{ data, errors }] = await all(open(address), { query: check.BROKEN });
    check.same([data, errors[0].message], [{ broken: null }, "This is always so."]);
    await all(open(address), { query: "{ nothing }" }).then(
      () => check.same("an error", "none"),
      ([error]) => check.same(error.extensions.code, "GRAPHQL_VALIDATION_FAILED"),
    );
  },
  async reconnect(address) {
    // The client repeats what it was asked, and its application keeps what it has heard last in there.
    const request = { query: check.TICKS, extensions: {} };
    const client = open(address);
    const heard = [];
    let connections = 0;
    client.on("connected", () => (connections += 1));
    for await (const { data, extensions } of client.iterate(request)) {
      heard.push(data.ticks);
      request.extensions.cursor = extensions.cursor;
      if (heard.length === 3) await check.cut(address);
      if (heard.length >= 6 && connections > 1) break;
    }
    await client.dispose();
    check.consecutive(heard);
    check.same(connections, 2);
  },
};
