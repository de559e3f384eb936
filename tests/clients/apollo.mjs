// Apollo Client: ordinary requests, subscriptions over multipart, and @defer in both formats that it reads.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Defer20220824Handler, GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import * as check from "./checks.mjs";

function open(address, options = {}) {
  const link = new HttpLink({ uri: `http://${address}/graphql`, ...options.http });
  return new ApolloClient({ cache: new InMemoryCache(), link, incrementalHandler: options.incremental });
}

// All events until there are enough, or the last.
function events(observable, enough = Infinity) {
  return new Promise((resolve, reject) => {
    const found = [];
    const subscription = observable.subscribe({
      next(event) {
        found.push(event);
        if (event.error) reject(Object.assign(event.error, { found }));
        if (found.length === enough) {
          subscription.unsubscribe();
          resolve(found);
        }
      },
      error: reject,
      complete: () => resolve(found),
    });
  });
}

async function deferred(address, handler) {
  const client = open(address, { incremental: new handler() });
  const query = client.watchQuery({ query: gql(check.DEFERRED), notifyOnNetworkStatusChange: false });
  const found = [];
  await new Promise((resolve, reject) => {
    query.subscribe(({ data, error, dataState }) => {
      if (error) reject(error);
      if (data) found.push([dataState, check.plain(data)]);
      if (dataState === "complete") resolve();
    });
  });
  check.same(found, [
    ["streaming", { product: check.FIRST.product }],
    ["complete", { product: { ...check.FIRST.product, reviews: check.REVIEWS } }],
  ]);
}

export default {
  async query(address) {
    const { data } = await open(address).query({ query: gql(check.PRODUCT), variables: { id: "1" } });
    check.same(check.plain(data), check.FIRST);
  },
  async mutation(address) {
    const { data } = await open(address).mutate({ mutation: gql(check.RENAME) });
    check.same(check.plain(data), check.RENAMED);
  },
  async subscription(address) {
    const found = await events(open(address).subscribe({ query: gql(check.COUNT) }));
    check.same(found.map(({ data }) => data.count), check.COUNTED);
  },
  async "deferred in the format of 2022"(address) {
    await deferred(address, Defer20220824Handler);
  },
  async "deferred in the specification's format"(address) {
    await deferred(address, GraphQL17Alpha9Handler);
  },
  async error(address) {
    const client = open(address);
    const { data, error } = await client.query({ query: gql(check.BROKEN), errorPolicy: "all" });
    check.same([check.plain(data), error.errors[0].message], [{ broken: null }, "This is always so."]);
    await events(client.subscribe({ query: gql("subscription { nothing }") })).then(
      () => check.same("an error", "none"),
      (refused) => check.same(refused.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED"),
    );
  },
  async reconnect(address) {
    const client = open(address, { http: { includeExtensions: true } });
    const heard = [];
    let extensions = {};
    const listen = (enough) =>
      new Promise((resolve) => {
        const subscription = client.subscribe({ query: gql(check.TICKS), extensions }).subscribe({
          next(event) {
            if (event.error) return resolve("cut");
            heard.push(event.data.ticks);
            extensions = { cursor: event.extensions.cursor };
            if (heard.length === 3) check.cut(address);
            if (heard.length >= enough) {
              subscription.unsubscribe();
              resolve("enough");
            }
          },
          error: () => resolve("cut"),
          complete: () => resolve("complete"),
        });
      });
    check.same(await listen(Infinity), "cut");
    check.same(await listen(heard.length + 3), "enough");
    check.consecutive(heard);
  },
};
