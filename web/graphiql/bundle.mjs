// Bundle GraphiQL into separately cached files. Usage: node bundle.mjs OUTPUT_FOLDER
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { build } from "esbuild";

// The page is at /graphql and its files are below /graphiql.
const PREFIX = "graphiql/";
const [outdir] = process.argv.slice(2);

const shared = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  outdir,
  metafile: true,
  legalComments: "none",
  logLevel: "warning",
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  define: { "process.env.NODE_ENV": '"production"' },
};

function outputs(result) {
  return Object.entries(result.metafile.outputs).filter(([, output]) => output.entryPoint);
}

const workers = await build({
  ...shared,
  entryPoints: {
    "worker-editor": "monaco-editor/esm/vs/editor/editor.worker.js",
    "worker-json": "monaco-editor/esm/vs/language/json/json.worker.js",
    "worker-graphql": "monaco-graphql/esm/graphql.worker.js",
  },
});
const names = Object.fromEntries(
  outputs(workers).map(([path]) => [basename(path).split("-")[1], `./${basename(path)}`]),
);

const page = await build({
  ...shared,
  splitting: true,
  entryPoints: { main: "src/main.js" },
  loader: { ".ttf": "file" },
  define: { ...shared.define, WORKERS: JSON.stringify(names) },
});
const [[script]] = outputs(page).filter(([, output]) => output.entryPoint === "src/main.js");
// Style sheets of parts that load later are linked at once: the bundler does not load them with their scripts.
const styles = Object.keys(page.metafile.outputs).filter((path) => path.endsWith(".css"));

const template = await readFile("src/index.html", "utf8");
const html = template
  .replace("{{styles}}", styles.map((path) => `<link rel="stylesheet" href="${PREFIX}${basename(path)}" />`).join("\n    "))
  .replace("{{script}}", PREFIX + basename(script));
await writeFile(join(outdir, "index.html"), html);
