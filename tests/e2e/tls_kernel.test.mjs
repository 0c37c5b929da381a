// Sealing that is handed over to the kernel, where that does it: scripts/kernel_tls runs this in a virtual machine. On other
// kernels the same bytes come, sealed by limpet.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import https from "node:https";
import { scenario } from "./support/scenario.mjs";
import { tls_stage } from "./support/tls.mjs";
import { kSlowness, until, until_still } from "./support/until.mjs";

const kMega = 1024 * 1024;
const is_there = process.env.LIMPET_TEST_KERNEL_TLS === "used"; // whoever says so is held to it

const status = (limpet) => limpet.admin.json("/v1/status");
const handed_over = async (limpet) => (await status(limpet)).totals.tls_clients.handed_over;

const story = (name, play) => scenario(name, play, { within: kSlowness * 90_000 });

async function echo_much(client, count, size = kMega) {
  for (let i = 0; i < count; ++i) {
    const data = randomBytes(size);
    client.send(data);
    assert.ok((await client.message({ within: kSlowness * 20_000 })).data.equals(data), `message ${i}`);
  }
}

story("status has a word for what the kernel does, and off is off", async (stage) => {
  const { limpet } = await tls_stage(stage);
  const word = (await status(limpet)).listeners[0].kernel_tls;
  assert.ok(["used", "not_offered", "no_key_change"].includes(word), word);
  if (is_there) assert.equal(word, "used");
  const other = await tls_stage(stage, { tls: { kernel_tls: "off" } });
  assert.equal((await status(other.limpet)).listeners[0].kernel_tls, "off");
  await echo_much(await other.open(), 4);
  assert.equal(await handed_over(other.limpet), 0);
});

story("a session of large messages is handed over, its bytes come, and its close is clean", async (stage) => {
  const { limpet, open } = await tls_stage(stage);
  const { kernel_tls } = (await status(limpet)).listeners[0];
  const [client, other] = [await open(), await open()];
  await echo_much(client, 6);
  await echo_much(client, 20, 100);
  await echo_much(client, 2);
  await echo_much(other, 50, 125);
  assert.equal(await handed_over(limpet), kernel_tls === "used" ? 1 : 0);
  assert.deepEqual(await client.end(1000, "done"), { code: 1000, reason: "done" });
});

story("TERM sends clients away at a frame boundary, whoever seals", async (stage) => {
  const { limpet, open } = await tls_stage(stage, { settings: { drain: { grace: "5s", rate: "0/s" } } });
  const client = await open();
  await echo_much(client, 4);
  const { listeners, totals } = await status(limpet);
  assert.equal(totals.tls_clients.handed_over, listeners[0].kernel_tls === "used" ? 1 : 0);
  limpet.signal("SIGTERM");
  assert.equal((await client.ended()).code, 1012);
  assert.equal((await limpet.exit()).code, 0);
});

story("a client that reads late gets all of a large answer, whoever seals it", async (stage) => {
  const body = randomBytes(12 * kMega);
  const server = await stage.serve_http((request, response) => response.end(body));
  const { limpet, pki } = await tls_stage(stage, { settings: { backends: [server] } });
  const asked = https.get(`https://localhost:${limpet.port}/`, { ca: pki.text, agent: false });
  const [answer] = await once(asked, "response");
  await until_still(() => answer.socket.bytesRead); // nobody reads
  const chunks = await answer.toArray();
  assert.ok(Buffer.concat(chunks).equals(body));
  assert.equal(await handed_over(limpet), (await status(limpet)).listeners[0].kernel_tls === "used" ? 1 : 0);
});

story("a client that goes while both ways are full leaves nothing behind", async (stage) => {
  const { limpet, open, server } = await tls_stage(stage);
  const client = await open();
  const send_much = () => {
    for (let i = 0; i < 24; ++i) client.send(Buffer.alloc(kMega));
    return until_still(() => client.socket.bufferedAmount);
  };
  await echo_much(client, 4);
  client.socket.pause();
  await send_much();
  server.freeze(); // from now on limpet does not read the client either
  await send_much();
  const { listeners, totals } = await status(limpet);
  assert.equal(totals.tls_clients.handed_over, listeners[0].kernel_tls === "used" ? 1 : 0);
  client.terminate(); // with much unread: a reset
  await until(async () => (await status(limpet)).sessions === 0, { what: "the end of its session" });
  assert.equal((await status(limpet)).totals.ends.client_reset, 1);
  server.thaw();
});
