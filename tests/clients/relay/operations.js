// What Relay compiles for the shop. Nothing runs this file: relay.mjs runs what has become of it.
import { graphql } from "relay-runtime";

graphql`
  query operationsProductQuery($id: ID!) {
    product(id: $id) {
      id
      name
    }
  }
`;

graphql`
  query operationsBrokenQuery {
    broken
  }
`;

graphql`
  mutation operationsRenameMutation($name: String!) {
    rename(id: "1", name: $name) {
      id
      name
    }
  }
`;

graphql`
  subscription operationsCountSubscription {
    count(upTo: 3)
  }
`;

graphql`
  subscription operationsTicksSubscription {
    ticks
  }
`;

graphql`
  query operationsListQuery {
    ...operations_list
  }
`;

graphql`
  fragment operations_list on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" })
  @refetchable(queryName: "operationsListPaginationQuery") {
    products(first: $count, after: $cursor) @connection(key: "operations_list_products") {
      edges {
        node {
          id
          name
        }
      }
    }
  }
`;
