// Loaded by Node before the proxy, which can only be told a port: it listens on the socket that the hub
// holds and lends, so that the port stays the hub's when the proxy has died. See process/ports.py.
import net from "node:net";

const lent = Number(process.env.COURSE_LENT_SOCKET);
const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (...where) {
  return typeof where[0] === "number" ? listen.call(this, { fd: lent }) : listen.apply(this, where);
};
