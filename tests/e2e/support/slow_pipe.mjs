// Makes a socket dribble: what is written leaves in pieces of chance, with pauses, in order, so that at any moment a frame is half
// there. `throw_dice` gives numbers in [0, 1).

const kMostPauseMs = 200;

export function dribble(socket, throw_dice) {
  const waiting = []; // {bytes, done}
  const { write, end } = socket;
  const state = { waiting_bytes: 0 };
  let is_ending;
  let timer;

  const next = () => {
    timer = undefined;
    if (socket.destroyed) return;
    const { bytes, done } = waiting[0];
    const size = 1 + Math.floor(throw_dice() * bytes.length);
    state.waiting_bytes -= size;
    if (size === bytes.length) {
      waiting.shift();
      write.call(socket, bytes, done);
    } else {
      waiting[0].bytes = bytes.subarray(size);
      write.call(socket, bytes.subarray(0, size));
    }
    wake();
  };
  const wake = () => {
    if (waiting.length > 0) timer ??= setTimeout(next, throw_dice() * kMostPauseMs);
    else if (is_ending) end.call(socket);
  };
  socket.write = (bytes, encoding, done = encoding) => {
    const copy = Buffer.from(bytes); // whoever writes may use its buffer again
    waiting.push({ bytes: copy, done: typeof done === "function" ? done : undefined });
    state.waiting_bytes += copy.length;
    wake();
    return waiting.length < 2;
  };
  socket.end = (...last) => {
    if (last.length > 0 && typeof last[0] !== "function") socket.write(last[0]);
    is_ending = true;
    wake();
    return socket;
  };
  return state;
}
