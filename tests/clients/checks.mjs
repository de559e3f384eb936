// What all clients are asked to do, and how to say that they did.
import assert from "node:assert/strict";

export const PRODUCT = "query Product($id: ID!) { product(id: $id) { id name } }";
export const RENAME = 'mutation Rename { rename(id: "1", name: "Chair") { id name } }';
export const COUNT = "subscription Count { count(upTo: 3) }";
export const TICKS = "subscription Ticks { ticks }";
export const BROKEN = "query Broken { broken }";
export const DEFERRED = "query Deferred { product(id: \"1\") { id name ... on Product @defer(label: \"rest\") { reviews { id body } } } }";

export const FIRST = { product: { id: "1", name: "Product 1" } };
export const RENAMED = { rename: { id: "1", name: "Chair" } };
export const COUNTED = [1, 2, 3];
export const REVIEWS = [{ id: "r1", body: "of 1" }];

export const same = assert.deepEqual;

// A copy without the prototypes and the type names that clients add.
export function plain(value) {
  return JSON.parse(JSON.stringify(value, (key, each) => (key === "__typename" ? undefined : each)));
}

// Cuts every connection that the router has, as a network does.
export async function cut(address) {
  await fetch(`http://${address}/break`, { method: "POST" });
}

// Ticks come one after the other, also across a cut: none is missing and none comes twice.
export function consecutive(numbers) {
  same(numbers, numbers.map((_, index) => numbers[0] + index));
}

// What is the same for clients of which `all` gives every result of an operation.
export function basics(all) {
  return {
    async query(address) {
      same(await all(address, { query: PRODUCT, variables: { id: "1" } }), [{ data: FIRST }]);
    },
    async mutation(address) {
      same(await all(address, { query: RENAME }), [{ data: RENAMED }]);
    },
    async subscription(address) {
      const found = await all(address, { query: COUNT });
      same(found.map((each) => each.data.count), COUNTED);
    },
  };
}
