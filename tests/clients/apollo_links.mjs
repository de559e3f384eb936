// Apollo Client's links: documents named by their hashes, by POST and by GET, and several operations in one request.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { BatchHttpLink } from "@apollo/client/link/batch-http";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import * as check from "./checks.mjs";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

// A client, and what its requests were.
function open(address, makeLink) {
  const sent = [];
  const fetching = (url, options) => {
    sent.push({ url: String(url), body: options.body === undefined ? undefined : JSON.parse(options.body) });
    return fetch(url, options);
  };
  const link = makeLink({ uri: `http://${address}/graphql`, fetch: fetching });
  return { client: new ApolloClient({ cache: new InMemoryCache(), link }), sent };
}

async function named(address, name, options) {
  const { client, sent } = open(address, (http) =>
    ApolloLink.from([new PersistedQueryLink({ sha256, ...options }), new HttpLink(http)]),
  );
  const query = gql(check.PRODUCT.replace("Product", name));
  for (const id of ["1", "2"]) {
    const { data } = await client.query({ query, variables: { id } });
    check.same(data.product.id, id);
  }
  return sent;
}

const scenarios = {
  async "a document named by its hash"(address) {
    const sent = await named(address, "ByPost", {});
    check.same(sent.map(({ body }) => "query" in body), [false, true, false]);
  },
  async "a document named by its hash, by GET"(address) {
    const sent = await named(address, "ByGet", { useGETForHashedQueries: true });
    check.same(sent.map(({ url, body }) => body === undefined && !url.includes("query=")), [true, false, true]);
  },
  async "several operations in one request"(address) {
    const { client, sent } = open(address, (http) => new BatchHttpLink({ ...http, batchMax: 2, batchInterval: 1000 }));
    const query = gql(check.PRODUCT);
    const answers = await Promise.all(["1", "2"].map((id) => client.query({ query, variables: { id } })));
    check.same(answers.map(({ data }) => data.product.id), ["1", "2"]);
    check.same(sent.map(({ body }) => body.length), [2]);
  },
};

const outcomes = {};
for (const [name, scenario] of Object.entries(scenarios)) {
  outcomes[name] = await scenario(process.argv[2]).then(
    () => null,
    (error) => error.stack ?? JSON.stringify(error),
  );
}
process.stdout.write(JSON.stringify(outcomes));
process.exit(0);
