// wss:// and https:// through limpet, and TLS to backends: real clients and servers, certificates made on the spot.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { copyFileSync, writeFileSync } from "node:fs";
import { scenario } from "./support/scenario.mjs";
import { limpet_command } from "./support/limpet.mjs";
import { run_program } from "./support/child.mjs";
import { call, keys_of, plan } from "./support/reload.mjs";
import { Succession } from "./support/succession.mjs";
import { connect_tls, kLocal, Pki, read_pair, start_tls_backend, tls_stage } from "./support/tls.mjs";
import { until } from "./support/until.mjs";

const ends = async (limpet) => (await limpet.admin.json("/v1/status")).totals.ends;

scenario("ws clients talk over wss, messages of all sizes come back, closes are clean", async (stage) => {
  const { open, limpet } = await tls_stage(stage);
  const clients = await Promise.all(Array.from({ length: 20 }, () => open()));
  for (const client of clients) assert.equal(await client.echo("hello"), "hello");
  for (const size of [1, 16_383, 16_384, 16_385, 100_000, 3_000_000]) {
    const data = randomBytes(size);
    clients[0].send(data);
    assert.ok((await clients[0].message({ within: 30_000 })).data.equals(data), `${size} bytes`);
  }
  for (const client of clients) assert.deepEqual(await client.end(1000, "done"), { code: 1000, reason: "done" });
  await until(async () => (await ends(limpet)).client_closed >= 20, { what: "every session ended by its client" });
  const status = await limpet.admin.json("/v1/status");
  assert.deepEqual(status.listeners[0].tls[0].names, ["localhost", "127.0.0.1"]);
  assert.equal(status.listeners[0].tls[0].days_left, 0);
  assert.ok(status.totals.tls_clients.handshakes >= 20);
  await until(() => limpet.events("certificate_ends").length === 1, { what: "a warning of the end that is near" });
});

scenario("an idle session takes far less memory than the library's connections do", async (stage) => {
  const { open, limpet } = await tls_stage(stage, { settings: { workers: 1 } });
  const come = async (count) => {
    for (let i = 0; i < count; i += 10) await Promise.all(Array.from({ length: 10 }, () => open()));
  };
  await come(100); // what the first ones take is there for the next
  const before = limpet.resident_bytes();
  await come(400);
  const each = (limpet.resident_bytes() - before) / 400;
  assert.ok(each < 8000, `${each} bytes a session`);
}, { skip: process.env.LIMPET_TEST_MEMORY === "unbounded" && "skipped: sanitizers take memory of their own" });

scenario("curl and Python's websockets come through, the cookie is Secure", async (stage) => {
  const { pki, limpet } = await tls_stage(stage);
  const curl = await run_program("curl", ["-sS", "-i", "--cacert", pki.ca, `https://localhost:${limpet.port}/stats`]);
  assert.equal(curl.code, 0, curl.stderr);
  assert.match(curl.stdout, /^HTTP\/1\.1 200 /);
  assert.match(curl.stdout, /set-cookie: limpet=[^\n]*; Secure/i);
  const script = `
import asyncio, ssl, websockets
async def main():
    context = ssl.create_default_context(cafile="${pki.ca}")
    async with websockets.connect("wss://localhost:${limpet.port}/", ssl=context) as socket:
        await socket.send("from python")
        print(await socket.recv())
asyncio.run(main())`;
  const python = await run_program("/usr/bin/python3", ["-c", script]);
  assert.equal(python.stdout.trim(), "from python", python.stderr);
});

scenario("plain text on a TLS port is answered with a clear 400", async (stage) => {
  const { limpet } = await tls_stage(stage);
  const client = await stage.connect(limpet.port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const answer = await client.read_message();
  assert.equal(answer.status, 400);
  assert.equal(answer.fields["limpet-reason"], "plain_text");
  assert.match(answer.body.toString(), /speaks TLS/);
});

scenario("s_client: old versions are refused, the name chooses the certificate, tickets are good on every worker", async (stage) => {
  const folder = stage.folder();
  const pki = new Pki(folder);
  const server = await stage.start_server("websocket", "w1");
  const certificates = [
    pki.issue("first", "DNS:first.test"),
    pki.issue("wild", "DNS:*.wild.test"),
    pki.issue("wildrsa", "DNS:*.wild.test", { rsa: true }),
  ];
  const limpet = await stage.start_limpet({
    workers: 2,
    listeners: [{ bind: "127.0.0.1:0", tls: { certificates } }],
    backends: [server],
  });
  const s_client = (...args) => run_program("sh", ["-c", `echo | openssl s_client -connect 127.0.0.1:${limpet.port} ${args.join(" ")} 2>&1`]);
  assert.match((await s_client("-tls1_1", "-cipher", "ALL:@SECLEVEL=0")).stdout, /alert protocol version/);
  assert.match((await s_client("-tls1_2")).stdout, /Protocol +: TLSv1\.2|New, TLSv1\.2/);
  assert.match((await s_client("-servername", "a.wild.test")).stdout, /subject=CN = wild\n/);
  assert.match((await s_client("-servername", "a.wild.test", "-sigalgs", "RSA-PSS+SHA256")).stdout, /subject=CN = wildrsa\n/);
  assert.match((await s_client("-servername", "nobody.test")).stdout, /subject=CN = first\n/);
  assert.match((await s_client("-alpn", "h2,http/1.1")).stdout, /ALPN protocol: http\/1\.1/);
  assert.match((await s_client("-alpn", "h2")).stdout, /alert no application protocol/);
  // The ticket of one connection on ten others: the kernel spreads them over both workers.
  const session = `${folder}/session`;
  await s_client("-tls1_2", "-sess_out", session);
  for (let i = 0; i < 10; ++i) assert.match((await s_client("-tls1_2", "-sess_in", session)).stdout, /Reused, TLSv1\.2/);
});

scenario("client certificates are asked for, and their subject is limpet's to tell", async (stage) => {
  const pki = new Pki(stage.folder());
  const stranger = new Pki(stage.folder());
  const backend = await stage.serve_http((request, response) => response.end(JSON.stringify(request.headers)));
  const limpet = await stage.start_limpet({
    log: { level: "debug" },
    listeners: [{ bind: "127.0.0.1:0", tls: { certificates: [pki.issue("site", kLocal)], client_ca: pki.ca } }, { bind: "127.0.0.1:0" }],
    backends: [backend],
  });
  const request = "GET / HTTP/1.1\r\nHost: a\r\nX-Client-Cert-Subject: CN=root\r\nX_Client_Cert_Subject: CN=root\r\nConnection: close\r\n\r\n";
  const ask = async (connection) => JSON.parse((await connection.send(request).read_message()).body.toString());
  const known = await connect_tls(stage, limpet, { ca: pki.text, ...read_pair(pki.issue("ada", "DNS:ada.test", { subject: "/O=Engines/CN=ada" })) });
  const seen = await ask(known);
  assert.equal(seen["x-client-cert-subject"], "CN=ada,O=Engines");
  assert.equal(seen["x-forwarded-proto"], "https");
  const plain = await stage.connect(Number(limpet.addresses[1].split(":").at(-1)));
  assert.equal(JSON.stringify(await ask(plain)).includes("root"), false);
  for (const own of [{}, read_pair(stranger.issue("eve", "DNS:eve.test"))]) {
    const refused = await connect_tls(stage, limpet, { ca: pki.text, ...own }).catch(() => undefined);
    if (refused) await refused.ending(); // TLS 1.3 tells the client behind its own last word
  }
  const faults = () => limpet.events("tls_failed").map(({ fault }) => fault);
  await until(() => faults().includes("certificate_missing") && faults().includes("certificate_unknown_ca"), { what: "both faults" });
});

scenario("who vanishes without a word is a cut; behind a Close it is not", async (stage) => {
  const { open, limpet } = await tls_stage(stage);
  const rude = await open();
  rude.socket._socket._handle.close(); // FIN without close_notify
  await until(async () => (await ends(limpet)).client_reset === 1, { what: "a session that was cut" });
  const polite = await open();
  await polite.end(1000, "");
  await until(async () => (await ends(limpet)).client_closed === 1, { what: "a session that was closed" });
});

scenario("TERM sends clients away over TLS as it does over TCP", async (stage) => {
  const { open, limpet } = await tls_stage(stage, { settings: { drain: { grace: "5s", rate: "0/s" } } });
  const clients = await Promise.all(Array.from({ length: 10 }, () => open()));
  limpet.signal("SIGTERM");
  for (const client of clients) assert.equal((await client.ended()).code, 1012);
  assert.equal((await limpet.exit()).code, 0);
});

scenario("backends over TLS: the good one serves, each bad one says why it does not", async (stage) => {
  const folder = stage.folder();
  const pki = new Pki(folder);
  const stranger = new Pki(folder, "stranger");
  const name = "DNS:app.internal";
  const good = await start_tls_backend(stage, "good", read_pair(pki.issue("good", name)));
  const late = await start_tls_backend(stage, "late", read_pair(pki.issue("late", name, { days: -1 })));
  const other = await start_tls_backend(stage, "other", read_pair(pki.issue("other", "DNS:other.internal")));
  const alien = await start_tls_backend(stage, "alien", read_pair(stranger.issue("alien", name)));
  const tls = { server_name: "app.internal", ca: pki.ca };
  const limpet = await stage.start_limpet({
    log: { level: "debug" },
    health: { probe: "http", path: "/" },
    backends: [good, late, other, alien].map((backend) => ({ name: backend.name, address: backend.address, tls })),
  });
  const why = async (backend) => (await limpet.admin.backend(backend)).last_probe?.detail ?? "";
  await limpet.admin.until_health("good", "up");
  await until(async () => /not valid at this time.*expired/.test(await why("late")), { what: "expired" });
  await until(async () => /another name.*mismatch/.test(await why("other")), { what: "wrong name" });
  await until(async () => /unknown CA/.test(await why("alien")), { what: "unknown CA" });
  const client = await stage.open_websocket(limpet.ws_url);
  assert.equal(await client.echo("sealed on the way"), "sealed on the way");
  for (let i = 0; i < 5; ++i) {
    const other_client = await stage.open_websocket(limpet.ws_url);
    assert.equal(await other_client.echo("again"), "again");
  }
  assert.ok(good.resumed > 0, "a backend's session is resumed");
});

scenario("without probes the walk goes on past a backend that fails its handshake", async (stage) => {
  const pki = new Pki(stage.folder());
  const good = await start_tls_backend(stage, "good", { ...read_pair(pki.issue("good", "DNS:app")), ca: pki.text, requestCert: true, rejectUnauthorized: true });
  const bad = await start_tls_backend(stage, "bad", read_pair(pki.issue("bad", "DNS:else")));
  const own = pki.issue("limpet", "DNS:limpet");
  const tls = { server_name: "app", ca: pki.ca, certificate: own.certificate, key: own.key };
  const limpet = await stage.start_limpet({
    health: { probe: "none" },
    backends: [bad, good].map((backend) => ({ name: backend.name, address: backend.address, tls })),
  });
  for (let i = 0; i < 8; ++i) {
    const client = await stage.open_websocket(limpet.ws_url);
    assert.equal(await client.echo("found"), "found");
  }
  assert.ok(good.clients.includes("limpet"), "our certificate was shown");
  assert.ok((await limpet.admin.backend("bad")).failures > 0);
});

scenario("limpet check tells what is wrong with certificates, each at its place", async (stage) => {
  const folder = stage.folder();
  const pki = new Pki(folder);
  const one = pki.issue("one", kLocal);
  const two = pki.issue("two", kLocal);
  writeFileSync(`${folder}/c.yaml`, `listeners:
  - bind: 127.0.0.1:1
    tls:
      certificates:
        - {certificate: ${one.certificate}, key: ${two.key}}
        - {certificate: /nowhere.pem, key: ${two.key}}
      client_ca: /nowhere-either.pem
backends:
  - {address: "a:1", tls: {ca: ${one.key}}}
`);
  const checked = await limpet_command("check", `${folder}/c.yaml`);
  assert.equal(checked.code, 1);
  const lines = checked.stderr.trim().split("\n");
  assert.equal(lines.length, 4, checked.stderr);
  assert.match(lines[0], /c\.yaml:5:\d+: listeners\[0\]\.tls\.certificates\[0\]\.key: .* is not the key of the certificate/);
  assert.match(lines[1], /c\.yaml:6:\d+: listeners\[0\]\.tls\.certificates\[1\]\.certificate: cannot open/);
  assert.match(lines[2], /c\.yaml:7:\d+: listeners\[0\]\.tls\.client_ca: cannot open/);
  assert.match(lines[3], /c\.yaml:9:\d+: backends\[0\]\.tls\.ca: .* holds no certificate/);
});

scenario("new files under the old paths serve new clients after a reload; bad ones change nothing", async (stage) => {
  const { pki, pair, limpet, open } = await tls_stage(stage);
  const shown = async () => (await connect_tls(stage, limpet, { ca: pki.text })).socket.getPeerCertificate().subject.CN;
  const old = await open();
  assert.equal(await shown(), "site");
  const reloads = (event) => limpet.events(event).length;
  writeFileSync(pair.key, "no key");
  limpet.signal("SIGHUP");
  await until(() => reloads("reload_failed") === 1, { what: "a reload that is refused" });
  const [error] = limpet.events("reload_error");
  assert.equal(error.key, "listeners[0].tls.certificates[0].key");
  assert.ok(error.line > 0);
  assert.equal(await shown(), "site");
  const next = pki.issue("next", kLocal);
  copyFileSync(next.certificate, pair.certificate);
  copyFileSync(next.key, pair.key);
  const planned = (await plan(limpet)).changes;
  assert.deepEqual(keys_of(planned), ["changed listeners.127.0.0.1:0#0.tls"]);
  assert.match(planned[0].from, /^localhost until 20/);
  assert.equal(await shown(), "site");
  limpet.signal("SIGHUP");
  await until(() => reloads("reloaded") === 1, { what: "a reload" });
  await until(async () => (await shown()) === "next", { what: "the new certificate" });
  assert.equal(await old.echo("still there"), "still there");
});

scenario("a backend over TLS is added while limpet runs; one whose certificates cannot be used is refused", async (stage) => {
  const pki = new Pki(stage.folder());
  const late = await start_tls_backend(stage, "late", read_pair(pki.issue("late", "DNS:app")));
  const [first] = await stage.start_servers("websocket", "first");
  const limpet = await stage.start_limpet({ backends: [first] });
  const backend = (tls) => ({ name: "late", address: late.address, tls: { server_name: "app", ...tls } });
  const refused = await call(limpet, "POST", "/v1/backends", backend({ ca: "/nowhere.pem" }), { status: 400 });
  assert.match(refused.detail, /pools\.default\.backends\[1\]\.tls\.ca: cannot open/);
  const unknown = await call(limpet, "POST", "/v1/backends", backend({ cacert: pki.ca }), { status: 400 });
  assert.match(unknown.detail, /tls\.verify/);
  await call(limpet, "POST", "/v1/backends", backend({ ca: pki.ca, verify: true }), { status: 201 });
  await limpet.admin.until_health("late", "up");
  await call(limpet, "DELETE", "/v1/backends/first");
  const client = await stage.open_websocket(limpet.ws_url);
  assert.equal(await client.echo("sealed"), "sealed");
});

scenario("a change at run time reads the files of the backend that comes, and no others", async (stage) => {
  const { pki, pair, server, limpet, open } = await tls_stage(stage);
  const late = await start_tls_backend(stage, "late", read_pair(pki.issue("late", "DNS:app")));
  const session = await open();
  await until(() => limpet.events("certificate_ends").length === 1, { what: "the warning of the day" });
  copyFileSync(pki.issue("next", kLocal).certificate, pair.certificate); // half of a renewal
  await call(limpet, "POST", `/v1/backends/${server.name}/weight`, { weight: 3 });
  const tls = { server_name: "app", ca: pki.ca };
  await call(limpet, "POST", "/v1/backends", { name: "late", address: late.address, tls }, { status: 201 });
  await limpet.admin.until_health("late", "up");
  await call(limpet, "DELETE", "/v1/backends/late");
  assert.equal((await connect_tls(stage, limpet, { ca: pki.text })).socket.getPeerCertificate().subject.CN, "site");
  assert.equal(await session.echo("still there"), "still there");
  assert.equal(limpet.events("certificate_ends").length, 1);
});

scenario("an upgrade keeps TLS, its old clients are told, and tickets of the old process are taken by the new", async (stage) => {
  const { pki, limpet, open } = await tls_stage(stage, { settings: { upgrade: { grace: "2s" } } });
  await limpet.admin.until_health("w1", "up");
  const before = await open();
  const first = await connect_tls(stage, limpet, { ca: pki.text, maxVersion: "TLSv1.2" });
  const session = first.socket.getSession();
  first.close();
  await new Succession(stage, limpet).upgrade();
  const resumed = await connect_tls(stage, limpet, { ca: pki.text, maxVersion: "TLSv1.2", session });
  assert.equal(resumed.socket.isSessionReused(), true);
  const after = await open();
  assert.equal(await after.echo("new"), "new");
  assert.equal((await before.ended()).code, 1012);
});

// Reconnects of everybody at once, while others talk: told as numbers, bounded generously.
scenario("a storm of handshakes leaves bystanders their echoes", async (stage) => {
  const { open, pki, limpet } = await tls_stage(stage, { settings: { log: { access: false } } });
  const bystanders = await Promise.all(Array.from({ length: 20 }, () => open()));
  const storm = Promise.allSettled(Array.from({ length: 200 }, async () => {
    const socket = await connect_tls(stage, limpet, { ca: pki.text });
    socket.close();
  }));
  for (let round = 0; round < 10; ++round) {
    await Promise.all(bystanders.map(async (client, i) => assert.equal(await client.echo(`${round}:${i}`), `${round}:${i}`)));
  }
  const settled = await storm;
  assert.equal(settled.filter(({ status }) => status === "fulfilled").length, 200);
});
