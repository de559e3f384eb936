// graphql-sse: an event stream for each operation, or one for all.
import { createClient } from "graphql-sse";
import * as check from "./checks.mjs";

async function all(client, request) {
  const found = [];
  for await (const result of client.iterate(request)) found.push(result);
  client.dispose();
  return found;
}

function scenarios(open) {
  return {
    ...check.basics((address, request) => all(open(address), request)),
    async error(address) {
      const [{ data, errors }] = await all(open(address), { query: check.BROKEN });
      check.same([data, errors[0].message], [{ broken: null }, "This is always so."]);
    },
    async reconnect(address) {
      const heard = [];
      let again = 0;
      let cursor = "";
      const client = open(address, {
        headers: () => ({ "last-event-id": cursor }),
        on: { connected: (retried) => (again += retried ? 1 : 0) },
      });
      for await (const { data, extensions } of client.iterate({ query: check.TICKS })) {
        heard.push(data.ticks);
        cursor = extensions.cursor;
        if (heard.length === 3) await check.cut(address);
        if (heard.length >= 6 && again) break;
      }
      client.dispose();
      check.consecutive(heard);
    },
  };
}

function distinct(address, options = {}) {
  return createClient({ url: `http://${address}/graphql`, retry: async () => {}, ...options });
}

function single(address, options = {}) {
  return createClient({
    url: `http://${address}/graphql/stream`, singleConnection: true, retry: async () => {}, ...options,
  });
}

export const distinctConnections = {
  ...scenarios(distinct),
  async "refused operation"(address) {
    const [{ errors }] = await all(distinct(address), { query: "{ nothing }" });
    check.same(errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
  },
};

export const singleConnection = {
  ...scenarios(single),
  async "refused operation"(address) {
    await all(single(address, { retryAttempts: 0 }), { query: "{ nothing }" }).then(
      () => check.same("an error", "none"),
      (error) => check.same(error.response.status, 400),
    );
  },
  async "several operations"(address) {
    const client = single(address);
    const counts = await Promise.all([1, 2].map(() => all({ ...client, dispose() {} }, { query: check.COUNT })));
    client.dispose();
    check.same(counts.map((each) => each.length), [3, 3]);
  },
};
