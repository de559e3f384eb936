// What outcomes are compared with.
import { deepStrictEqual } from "node:assert";

export function same(found, expected) {
  deepStrictEqual(JSON.parse(JSON.stringify(found)), JSON.parse(JSON.stringify(expected)));
}

/** The work fails with an error of OAuth's, told in the body or in a challenge. */
export async function refuses(work, error) {
  const reason = await work.then(
    () => "no refusal",
    (refusal) => refusal.error ?? refusal.cause?.[0]?.parameters.error ?? refusal.message,
  );
  same(reason, error);
}
