// How Socket.IO servers of several nodes hear of each other: the adapters of the real stack, over one Redis.
import { createAdapter as by_pub_sub } from "@socket.io/redis-adapter";
import { createAdapter as by_streams } from "@socket.io/redis-streams-adapter";
import Redis from "ioredis";

const kRecoverForMs = 120_000;

// What a Server is made with: kind is "none", "redis" or "streams"; "streams-saved" also keeps what a session is in Redis while
// it lives (see `saving`).
export function options_of(kind, redis_url) {
  if (kind === "none") return {};
  const redis = new Redis(redis_url);
  if (kind === "redis") return { adapter: by_pub_sub(redis, redis.duplicate()) };
  return {
    adapter: by_streams(redis, { blockTimeInMs: 1000 }),
    connectionStateRecovery: { maxDisconnectionDuration: kRecoverForMs },
    saved_in: kind === "streams-saved" ? redis : undefined,
  };
}

// The library writes a session down when its server sees it end, which a server that is killed does not. This writes it down
// before; the answer to whoever asked for a change comes when Redis has it.
export function saving(redis) {
  return async (socket) => {
    if (!redis) return;
    const { id: sid, pid, data } = socket;
    socket.adapter.persistSession({ sid, pid, rooms: [...socket.rooms], data });
    await redis.ping();
  };
}
