// urql: it names every stream it could read in each request, and still wants one answer to a query.
import { Client, fetchExchange, gql } from "@urql/core";
import * as check from "./checks.mjs";

function open(address, options = {}) {
  return new Client({
    url: `http://${address}/graphql`, exchanges: [fetchExchange], fetchSubscriptions: true, preferGetMethod: false, ...options,
  });
}

function events(source, enough = Infinity) {
  return new Promise((resolve) => {
    const found = [];
    const { unsubscribe } = source.subscribe((result) => {
      found.push(result);
      if (result.error || !result.hasNext || found.length >= enough) {
        setTimeout(() => unsubscribe());
        resolve(found);
      }
    });
  });
}

export default {
  async query(address) {
    const { data } = await open(address).query(gql(check.PRODUCT), { id: "1" }).toPromise();
    check.same(check.plain(data), check.FIRST);
  },
  async "query by GET"(address) {
    const client = open(address, { preferGetMethod: "force" });
    const { data, error } = await client.query(gql(check.PRODUCT), { id: "1" }).toPromise();
    check.same([check.plain(data), error], [check.FIRST, undefined]);
  },
  async mutation(address) {
    const { data } = await open(address).mutation(gql(check.RENAME), {}).toPromise();
    check.same(check.plain(data), check.RENAMED);
  },
  async subscription(address) {
    const found = await events(open(address).subscription(gql(check.COUNT), {}), 3);
    check.same(found.map(({ data }) => data.count), check.COUNTED);
  },
  async deferred(address) {
    const found = await events(open(address).query(gql(check.DEFERRED), {}));
    check.same(check.plain(found.at(-1).data), { product: { ...check.FIRST.product, reviews: check.REVIEWS } });
    check.same(found.length, 2);
  },
  async error(address) {
    const client = open(address);
    const { data, error } = await client.query(gql(check.BROKEN), {}).toPromise();
    check.same([check.plain(data), error.graphQLErrors[0].message], [{ broken: null }, "This is always so."]);
    const [refused] = await events(client.subscription(gql("subscription { nothing }"), {}));
    check.same(refused.error.graphQLErrors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
  },
  async reconnect(address) {
    const heard = [];
    let cursor;
    const listen = (enough) => {
      const fetchOptions = cursor ? { headers: { "last-event-id": cursor } } : {};
      const client = open(address, { fetchOptions });
      return new Promise((resolve) => {
        const { unsubscribe } = client.subscription(gql(check.TICKS), {}).subscribe(({ data, error, extensions }) => {
          if (error) return resolve("cut");
          heard.push(data.ticks);
          cursor = extensions.cursor;
          if (heard.length === 3) check.cut(address);
          if (heard.length >= enough) {
            setTimeout(() => unsubscribe());
            resolve("enough");
          }
        });
      });
    };
    check.same(await listen(Infinity), "cut");
    check.same(await listen(heard.length + 3), "enough");
    check.consecutive(heard.slice(0, heard.length));
  },
};
