// Apollo Gateway over a supergraph file: `node apollo.cjs FILE PORT`, its packages in NODE_PATH.
const { readFileSync } = require("node:fs");
const { ApolloGateway } = require("@apollo/gateway");
const { ApolloServer } = require("@apollo/server");
const { startStandaloneServer } = require("@apollo/server/standalone");

const [file, port] = process.argv.slice(2);
const gateway = new ApolloGateway({ supergraphSdl: readFileSync(file, "utf8") });
const server = new ApolloServer({ gateway, csrfPrevention: false });
startStandaloneServer(server, { listen: { host: "127.0.0.1", port: Number(port) } });
