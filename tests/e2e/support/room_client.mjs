// A Socket.IO client that joins rooms and notes what was said to it, and the way in for one that knows several nodes of limpet.
import { SocketIoClient } from "./socketio_client.mjs";
import { module_of } from "./http_client.mjs";

// An agent whose connections go to each of `limpets` in turn, as behind a name with several addresses; `used` counts them.
export function entrance(limpets) {
  const { Agent } = module_of(limpets[0].url);
  return new (class extends Agent {
    used = limpets.map(() => 0);
    turn = 0;
    createConnection(options, on_done) {
      const at = this.turn++ % limpets.length;
      this.used[at] += 1;
      return super.createConnection({ ...options, host: "127.0.0.1", port: limpets[at].port }, on_done);
    }
  })({ keepAlive: false });
}

export class RoomClient extends SocketIoClient {
  // `limpets`: where its connections go, in turn. Other options are those of SocketIoClient.
  constructor(limpets, options) {
    const agent = entrance(limpets);
    super(limpets[0].url, { agent, ...options });
    Object.assign(this, { entrance: agent, said: [] });
    this.socket.on("said", (text) => this.said.push(text));
  }
  join(room) {
    return this.ask("join", room);
  }
  rooms() {
    return this.ask("rooms");
  }
  say(text, room) {
    return this.ask("say", { room, text });
  }
  heard(...texts) {
    return texts.every((text) => this.said.includes(text));
  }
  // One that was told not to reconnect by itself does so now, until it is in.
  come_back() {
    this.socket.io.reconnection(true);
    this.socket.connect();
    return this.connected();
  }
}
