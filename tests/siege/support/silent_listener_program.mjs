// A listening socket whose queue is full and that never accepts: whoever connects next hears nothing.
// Tells its port in a line of JSON, then blocks its own loop for ever.
import net from "node:net";

const server = net.createServer();
server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
  console.log(JSON.stringify({ listening: server.address().port }));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
