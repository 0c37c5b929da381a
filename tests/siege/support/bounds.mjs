// What an attack may cost, in one place. Counts and bytes are strict; wall-clock bounds leave room for a busy machine.

export const kKiB = 1024;
export const kMiB = 1024 * kKiB;

// How much later than its own bound a wait may be seen to end.
export const kLateMs = 1000;
// A message of a bystander: a few milliseconds on an idle machine, whatever the attack.
export const kBystanderBoundMs = 1000;
export const kBystanderEveryMs = 20;
// Memory that no attacker can be charged with: the allocator's arenas, free lists, the log.
// Sanitizers keep freed memory and shadows of it: under them growth says nothing.
export const kSpareBytes = process.env.LIMPET_TEST_MEMORY === "unbounded" ? Infinity : 4 * kMiB;
// A waiting head that sent nothing: the connection, its poll handle, its deadline.
export const kWaitingHeadBytes = 4 * kKiB;
// A TLS handshake under way, from the first byte on: the library's buffers for a record each way, its state, the keys.
export const kHandshakeBytes = 80 * kKiB;
// A peer that does not read: what one read brought, each way, and the chunks that hold it.
export const kStuckPeerBytes = 2 * 256 * kKiB + 64 * kKiB;
// A client that was told to go may keep its connection for so long, so that no reset overtakes its answer.
export const kLingerMs = 2000;
// Everything an attack took is back after this: descriptors, sessions.
export const kSettleMs = 10_000;
