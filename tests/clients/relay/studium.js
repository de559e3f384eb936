// What a client of Studium would have Relay compile. Nothing runs this file.
import { graphql } from "relay-runtime";

graphql`
  query studiumCatalogueQuery {
    ...studium_catalogue
  }
`;

graphql`
  fragment studium_catalogue on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "studiumCataloguePaginationQuery") {
    catalog(first: $count, after: $cursor) @connection(key: "studium_catalogue_catalog") {
      edges {
        node {
          id
          title
        }
      }
    }
  }
`;

graphql`
  subscription studiumNotificationsSubscription($after: String) {
    notificationReceived(after: $after) {
      id
      title
      cursor
      course {
        id
        title
      }
    }
  }
`;
