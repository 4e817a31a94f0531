// Loaded by Node before the proxy, which asks a server on a Unix socket to close after each answer. A server
// that answers at once has closed before Node ends its request; Node then reads a broken pipe and not the
// answer, and the proxy says 503 for what was done. Over TCP the proxy keeps its connections by itself.
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";

const REST_MS = 20_000; // shorter than any of our servers keeps a connection
const agent = new http.Agent({ keepAlive: true, timeout: REST_MS });
const request = http.request;

http.request = function (options, ...more) {
  const closes = options?.socketPath && options.headers?.connection === "close";
  const kept = () => ({ ...options, agent, headers: { ...options.headers, connection: "keep-alive" } });
  return request.call(this, closes ? kept() : options, ...more);
};
syncBuiltinESMExports();
