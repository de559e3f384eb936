// The editor for people who explore the graph. The page is served at the path of the graph itself, so that no address
// has to be configured; the headers editor's values go with every request and into a WebSocket's connection_init.
import "graphiql/style.css";
import "./page.css";

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

// The bundler replaces WORKERS by the names of the files that hold them.
globalThis.MonacoEnvironment = {
  getWorker(_id, label) {
    return new Worker(new URL(WORKERS[label] ?? WORKERS.editor, import.meta.url), { type: "module" });
  },
};

const url = new URL(window.location.pathname, window.location.origin);
const subscriptions = new URL(url);
subscriptions.protocol = url.protocol === "https:" ? "wss:" : "ws:";

createRoot(document.getElementById("graphiql")).render(
  createElement(GraphiQL, {
    fetcher: createGraphiQLFetcher({ url: url.href, subscriptionUrl: subscriptions.href }),
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
    defaultEditorToolsVisibility: "headers",
  }),
);
