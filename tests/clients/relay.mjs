// Relay: operations that its compiler has made for the shop's schema, and a connection that is read on page by page.
import { createRequire } from "node:module";
import { createClient } from "graphql-ws";
import relay from "relay-runtime";
import * as check from "./checks.mjs";

const {
  Environment, Network, Observable, RecordSource, Store, commitMutation, createOperationDescriptor, fetchQuery,
  getPaginationMetadata, getPaginationVariables, getRequest, getSelector, requestSubscription,
} = relay;

function open(address, options = {}) {
  const post = async ({ text }, variables) => {
    const headers = { "content-type": "application/json", accept: "application/graphql-response+json" };
    const body = JSON.stringify({ query: text, variables });
    return (await fetch(`http://${address}/graphql`, { method: "POST", headers, body })).json();
  };
  const socket = createClient({
    url: `ws://${address}/graphql`, retryWait: async () => {}, shouldRetry: () => true, ...options,
  });
  const extensions = {};
  const subscribe = ({ text }, variables) =>
    Observable.create((sink) =>
      socket.subscribe({ query: text, variables, extensions }, {
        ...sink,
        next(event) {
          extensions.cursor = event.extensions?.cursor;
          sink.next(event);
        },
      }),
    );
  return new Environment({ network: Network.create(post, subscribe), store: new Store(new RecordSource()) });
}

// What a fragment of an operation's answer holds now.
function read(environment, operation, fragment) {
  const { data } = environment.lookup(operation.fragment);
  return environment.lookup(getSelector(fragment, data)).data;
}

export default function scenarios(artifacts) {
  const load = (name) => createRequire(artifacts + "/")(`./${name}.graphql`);
  return {
    async query(address) {
      const query = load("operationsProductQuery");
      check.same(check.plain(await fetchQuery(open(address), query, { id: "1" }).toPromise()), check.FIRST);
    },
    async mutation(address) {
      const mutation = load("operationsRenameMutation");
      const data = await new Promise((onCompleted, onError) =>
        commitMutation(open(address), { mutation, variables: { name: "Chair" }, onCompleted, onError }),
      );
      check.same(check.plain(data), check.RENAMED);
    },
    async error(address) {
      // Relay hands over what there is; a field's error is for whoever asks for it.
      const query = load("operationsBrokenQuery");
      check.same(check.plain(await fetchQuery(open(address), query, {}).toPromise()), { broken: null });
    },
    async subscription(address) {
      const heard = [];
      await new Promise((onCompleted, onError) => {
        const subscription = load("operationsCountSubscription");
        const onNext = ({ count }) => heard.push(count);
        requestSubscription(open(address), { subscription, variables: {}, onNext, onCompleted, onError });
      });
      check.same(heard, check.COUNTED);
    },
    async reconnect(address) {
      const heard = [];
      await new Promise((resolve, onError) => {
        const { dispose } = requestSubscription(open(address), {
          subscription: load("operationsTicksSubscription"),
          variables: {},
          onError,
          onNext({ ticks }) {
            heard.push(ticks);
            if (heard.length === 3) check.cut(address);
            if (heard.length === 8) resolve(dispose());
          },
        });
      });
      check.consecutive(heard);
    },
    async "refetchable connection"(address) {
      const environment = open(address);
      const [list, fragment] = [load("operationsListQuery"), load("operations_list")];
      const operation = createOperationDescriptor(getRequest(list), {});
      environment.retain(operation);
      await fetchQuery(environment, list, {}).toPromise();
      const { paginationRequest, paginationMetadata, identifierInfo } = getPaginationMetadata(fragment, "test");
      const pages = [];
      for (;;) {
        const { products } = read(environment, operation, fragment);
        pages.push(products.edges.map(({ node }) => node.id));
        if (!products.pageInfo.hasNextPage) break;
        const variables = getPaginationVariables(
          "forward", 2, products.pageInfo.endCursor, {}, {}, paginationMetadata, identifierInfo,
        );
        await fetchQuery(environment, paginationRequest, variables).toPromise();
      }
      check.same(pages, [["1", "2"], ["1", "2", "3", "4"], ["1", "2", "3", "4", "5"]]);
    },
  };
}
