// Puts other ports in the place of those that the tests know: FEDTEST_PORTS is JSON, {"4000": 31234, …}.
const net = require("node:net");

const ports = JSON.parse(process.env.FEDTEST_PORTS);
const other = (port) => ports[port] ?? port;

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  if (options !== null && typeof options === "object" && "port" in options) {
    options.port = other(options.port);
    options.host = "127.0.0.1";
  }
  return connect.apply(this, given);
};

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (first, ...rest) {
  const options = typeof first === "object" ? { ...first, port: other(first.port) } : { port: other(first) };
  return listen.call(this, { ...options, host: "127.0.0.1" }, ...rest.filter((each) => typeof each === "function"));
};
