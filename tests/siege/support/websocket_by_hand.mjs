// WebSocket ends that no library would play.
import { make_frame, Opcode, switch_answer, upgrade_request } from "../../e2e/support/frames.mjs";
import { until } from "../../e2e/support/until.mjs";

// A backend that switches and then does `part(connection, head)`; its sessions stand in `switched`.
export async function switching_backend(stage, part = () => {}) {
  const switched = [];
  const backend = await stage.script_backend(async (connection) => {
    const head = await connection.read_head();
    connection.send(switch_answer(head));
    switched.push(connection);
    await part(connection, head);
  });
  backend.switched = switched;
  return backend;
}

// A client behind a valid 101, and its backend's end. One at a time.
export async function open_session(stage, siege, backend, path = "/") {
  const before = backend.switched.length;
  const client = await stage.connect(siege.limpet.port);
  client.send(upgrade_request({ path }));
  const head = await client.read_head();
  if (head.status !== 101) throw new Error(`no 101: ${head.text}`);
  await until(() => backend.switched.length > before);
  return { client, backend: backend.switched[before] };
}

// Writes `piece` again and again as fast as the other side takes it, `most` bytes at the most; {taken()} tells how many the
// kernel has taken.
export function flood(socket, piece, most) {
  let given = 0;
  let taken = 0;
  const more = () => {
    while (given < most && !socket.destroyed) {
      given += piece.length;
      if (!socket.write(piece, (error) => (taken += error ? 0 : piece.length))) return;
    }
  };
  socket.on("drain", more);
  more();
  return { taken: () => taken };
}

// `count` frames with one byte each, as one piece: whole messages, one message in fragments, or pings.
export function tiny_frames(kind, count, { masked }) {
  const frame = (opcode, fin) => make_frame({ opcode, fin, payload: "x", masked });
  const repeated = (one, times) => Buffer.alloc(one.length * times, one);
  if (kind === "fragments") {
    const middle = repeated(frame(Opcode.Continuation, false), count - 2);
    return Buffer.concat([frame(Opcode.Text, false), middle, frame(Opcode.Continuation, true)]);
  }
  return repeated(frame(kind === "pings" ? Opcode.Ping : Opcode.Binary, true), count);
}
