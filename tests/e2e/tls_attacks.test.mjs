// Bad input on a TLS port: each failure is counted under its word and no other, descriptors and memory come back, and a
// bystander who talks over TLS all the while loses nothing. What good clients get is tls.test.mjs.
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { describe } from "node:test";
import { kHandshakeBytes, kSpareBytes } from "../siege/support/bounds.mjs";
import { switching_backend } from "../siege/support/websocket_by_hand.mjs";
import { Connection } from "./support/connection.mjs";
import { CutTlsClient } from "./support/cut_tls_client.mjs";
import { make_frame, upgrade_request } from "./support/frames.mjs";
import { scenario } from "./support/scenario.mjs";
import { connect_tls, Pki, read_pair } from "./support/tls.mjs";
import { TlsSiege } from "./support/tls_siege.mjs";
import { dice } from "./support/traffic_script.mjs";
import { until } from "./support/until.mjs";

const kVersions = ["TLSv1.2", "TLSv1.3"];
const kShortHead = { head: 500 };
const kLongHead = { head: 60_000 }; // no handshake of the test is late, however busy the machine is
const by_version = (version) => ({ minVersion: version, maxVersion: version });

// Places in a handshake: before it, in the head of its first record, in the hello, behind it, in the last words.
const places = ({ hello, all }) => [0, 1, 3, hello.length >> 1, hello.length, (hello.length + all) >> 1, all - 1];

// Clients of these options, each to its end: limpet ends them.
async function play_clients(stage, siege, list) {
  for (const options of list) await (await CutTlsClient.start(stage, siege.port, options)).over();
}

describe("attacks on TLS", { concurrency: 3 }, () => {
  scenario("garbage is no TLS", async (stage) => {
    const siege = await TlsSiege.lay(stage);
    const garbage = [
      Buffer.concat([Buffer.from([0x80]), randomBytes(300)]),
      Buffer.alloc(1000),
      Buffer.alloc(1000, 0xff),
      "get / http/1.1\r\n\r\n",
      "\x17\x03\x03\x00\x05hello", // data without a handshake
      "\x14\x03\x03\x00\x01\x01", // the end of a handshake without a begin
      "\x16\x03\x01\xff\xff longer than a record may be",
      "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x99", // a hello that is none
      "\x16\x03\x01\x00\x05\x02\x00\x00\x01\x99", // a server's hello
    ];
    for (const bytes of garbage) {
      const client = await stage.connect(siege.port);
      client.send(Buffer.from(bytes, "latin1"));
      await client.ending();
    }
    // A good hello, and then not what belongs behind it.
    for (const junk of [randomBytes(100).fill(0xff, 0, 1), Buffer.concat([Buffer.from("1703030040", "hex"), randomBytes(64)])]) {
      const { hello } = await CutTlsClient.measure(stage, siege.port);
      const client = await stage.connect(siege.port);
      client.send(hello);
      await client.read(1);
      client.send(junk);
      await client.ending();
    }
    const count = garbage.length + 2;
    await siege.expect_held({ failures: { not_tls: count }, ends: { tls_failed: count, client_closed: 2 } });
  });

  scenario("a request in plain text gets its 400, whatever it asks for", async (stage) => {
    const siege = await TlsSiege.lay(stage);
    const requests = ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nhalf", upgrade_request()];
    for (const request of requests) {
      const client = await stage.connect(siege.port);
      const answer = await client.send(request).read_message();
      assert.equal(answer.status, 400);
      assert.equal(answer.fields["limpet-reason"], "plain_text");
      client.close();
    }
    await siege.expect_held({ failures: { plain_text: requests.length }, ends: { plain_text: requests.length } });
  });

  scenario("whoever leaves in the middle of a handshake has closed early, by FIN and by reset", async (stage) => {
    const siege = await TlsSiege.lay(stage, { timeouts_ms: kLongHead });
    let count = 0;
    for (const version of kVersions) {
      const measured = await CutTlsClient.measure(stage, siege.port, by_version(version));
      for (const most of places(measured)) {
        for (const how of ["fin", "reset"]) {
          const client = await CutTlsClient.start(stage, siege.port, { most, ...by_version(version) });
          await client.cut();
          await client.leave(how).over();
          count += 1;
        }
      }
    }
    await siege.expect_held({ failures: { early_close: count }, ends: { tls_failed: count, client_closed: kVersions.length } });
  });

  scenario("silence anywhere in a handshake, and a byte at a time, run into timeouts.head", async (stage) => {
    const siege = await TlsSiege.lay(stage, { timeouts_ms: kShortHead });
    const measured = await CutTlsClient.measure(stage, siege.port);
    const silent = await Promise.all(places(measured).map((most) => CutTlsClient.start(stage, siege.port, { most })));
    const slow = await stage.connect(siege.port);
    let sent = 0;
    const kEveryMs = 20; // far less than the time there is, and the hello would take far more
    const drip = setInterval(() => slow.send(measured.hello.subarray(sent++, sent)), kEveryMs);
    stage.add({ stop: () => clearInterval(drip) });
    await slow.ending();
    clearInterval(drip);
    slow.finish();
    assert.ok(sent < measured.hello.length, "ended before the hello was there");
    await Promise.all(silent.map((client) => client.over()));
    const count = silent.length + 1;
    await siege.expect_held({ failures: { timeout: count }, ends: { head_timeout: count, client_closed: 1 } });
  });

  scenario("who speaks no version, cipher, group, signature or protocol of ours is told apart", async (stage) => {
    const siege = await TlsSiege.lay(stage);
    for (const version of ["-tls1", "-tls1_1"]) {
      assert.match(await siege.s_client(`${version} -cipher DEFAULT@SECLEVEL=0`), /alert protocol version/);
    }
    const ssl2 = await stage.connect(siege.port);
    await ssl2.send(Buffer.from(`802e0100020015000000100100800200800300800400800500800600400700c0${"00".repeat(16)}`, "hex")).ending();
    const old = { maxVersion: "TLSv1.2" };
    await play_clients(stage, siege, [
      { ...old, ciphers: "AES128-SHA" },
      { ...old, ciphers: "ECDHE-RSA-AES128-GCM-SHA256" }, // the certificates are ECDSA
      { ecdhCurve: "secp521r1" },
      { sigalgs: "RSA-PSS+SHA256" },
      { ALPNProtocols: ["h2"] },
      { ALPNProtocols: ["http/1.0", "http/1.1x", "h2"] },
    ]);
    await siege.expect_held({
      failures: { no_shared_version: 3, no_shared_cipher: 4, no_shared_protocol: 2 },
      ends: { tls_failed: 9 },
    });
  });

  scenario("where TLS 1.3 is the least, TLS 1.2 is no shared version", async (stage) => {
    const siege = await TlsSiege.lay(stage, { tls: { minimum_version: "1.3" } });
    await play_clients(stage, siege, [{ maxVersion: "TLSv1.2" }]);
    await siege.expect_held({ failures: { no_shared_version: 1 }, ends: { tls_failed: 1 } });
  });

  scenario("a name that nobody has is no failure: it gets the first certificate", async (stage) => {
    const siege = await TlsSiege.lay(stage);
    const names = { "nobody.test": "site", "": "site", "x.other.test": "site", [`${"a".repeat(63)}.`.repeat(3)]: "site", "OTHER.test": "other" };
    for (const [servername, expected] of Object.entries(names)) {
      const client = await connect_tls(stage, siege.limpet, { servername, rejectUnauthorized: false });
      assert.equal(client.socket.getPeerCertificate().subject.CN, expected, servername);
      await client.finish().ending();
    }
    await siege.expect_held({ failures: {}, ends: { client_closed: Object.keys(names).length } });
  });

  scenario("client certificates: none, expired, of an unknown CA, for another use", async (stage) => {
    const siege = await TlsSiege.lay(stage, { asks: true });
    const stranger = new Pki(stage.folder(), "stranger");
    const name = "DNS:client.test";
    const faults = {
      certificate_missing: {},
      certificate_expired: read_pair(siege.pki.issue("late", name, { days: -1 })),
      certificate_unknown_ca: read_pair(stranger.issue("alien", name)),
      certificate_bad: read_pair(siege.pki.issue("server", name, { use: "serverAuth" })),
    };
    for (const version of kVersions) {
      await play_clients(stage, siege, Object.values(faults).map((own) => ({ ...own, ...by_version(version) })));
    }
    const failures = Object.fromEntries(Object.keys(faults).map((word) => [word, kVersions.length]));
    await siege.expect_held({ failures, ends: { tls_failed: kVersions.length * Object.keys(faults).length } });
  });

  scenario("a client that does not trust our certificate has refused", async (stage) => {
    const siege = await TlsSiege.lay(stage);
    for (const version of ["-tls1_2", "-tls1_3"]) {
      assert.match(await siege.s_client(`${version} -verify_return_error -no-CAfile -no-CApath`), /certificate verify failed/);
    }
    await siege.expect_held({ failures: { peer_refused: 2 }, ends: { tls_failed: 2 } });
  });

  scenario("a client that asks for another handshake in TLS 1.2 gets none", async (stage) => {
    const siege = await TlsSiege.lay(stage);
    const said = await siege.s_client("-tls1_2", { input: "R\\n" });
    assert.match(said, /RENEGOTIATING\n.*no renegotiation/);
    const client = await connect_tls(stage, siege.limpet, { rejectUnauthorized: false, ...by_version("TLSv1.2") });
    client.socket.renegotiate({}, () => {});
    assert.equal(await client.ending(), "ERR_SSL_NO_RENEGOTIATION");
    // Both libraries take the refusal for an error of ours, and cut.
    await siege.expect_held({ failures: {}, ends: { client_reset: 2 } });
    assert.equal((await siege.tls_totals()).handshakes, 3, "of the two and of the bystander");
  });

  scenario("a bare FIN in a session is a cut, between records and within one", async (stage) => {
    const backend = await switching_backend(stage);
    const siege = await TlsSiege.lay(stage, { backend });
    const kWithin = 10; // bytes of a record
    const ways = kVersions.flatMap((version) => [0, kWithin].map((more) => ({ version, more })));
    for (const [i, { version, more }] of ways.entries()) {
      const client = await CutTlsClient.start(stage, siege.port, by_version(version));
      const talk = new Connection(client.tls);
      assert.equal((await talk.send(upgrade_request()).read_head()).status, 101);
      await until(() => backend.switched.length > i);
      const session = backend.switched[i];
      client.pipe.most = client.pipe.sent + more;
      if (more > 0) {
        talk.send(make_frame({ payload: "never seen", masked: true }));
        await client.cut();
      }
      await client.leave("fin").over();
      assert.equal(await session.ending(), "reset");
      assert.equal(session.bytes.length, 0);
    }
    await siege.expect_held({ failures: {}, ends: { client_reset: ways.length } });
  });

  scenario("floods of handshakes that are abandoned anywhere leave nothing behind", async (stage) => {
    const seed = randomInt(2 ** 31);
    const siege = await TlsSiege.lay(stage, { timeouts_ms: kLongHead });
    const measured = await Promise.all(kVersions.map((version) => CutTlsClient.measure(stage, siege.port, by_version(version))));
    const { meter, descriptors_before } = siege.siege;
    // Stops at a random place, and is left there or hangs: answers those that hang.
    const abandon = async (flood, number) => {
      const throw_dice = dice(seed, flood, number);
      const below = (count) => Math.floor(throw_dice() * count);
      const kind = below(kVersions.length);
      const client = await CutTlsClient.start(stage, siege.port, { most: below(measured[kind].all), ...by_version(kVersions[kind]) });
      await client.cut();
      if (below(2) === 0) return client;
      await client.leave(["fin", "reset"][below(2)]).over();
      return undefined;
    };
    const kAtOnce = 400;
    const play_flood = async (number) => {
      const clients = await Promise.all(Array.from({ length: kAtOnce }, (_, i) => abandon(number, i)));
      const hanging = clients.filter((client) => client !== undefined);
      await until(() => meter.descriptors() === descriptors_before + hanging.length, { what: "those that hang are held" });
      await Promise.all(hanging.map((client) => client.leave("reset").over()));
      await until(() => meter.descriptors() <= descriptors_before, { what: "descriptors are back" });
    };
    const kWarmUps = 2;
    const kFloods = 3;
    for (let i = 0; i < kWarmUps; ++i) await play_flood(i);
    const warm = meter.resident_bytes();
    for (let i = 0; i < kFloods; ++i) await play_flood(kWarmUps + i);
    const growth = meter.resident_bytes() - warm;
    assert.ok(growth <= kSpareBytes, `floods that came later left ${growth} bytes; seed ${seed}`);
    const peak = meter.peak_bytes() - siege.siege.before.resident;
    assert.ok(peak <= kAtOnce * kHandshakeBytes + kSpareBytes, `a flood took ${peak} bytes; seed ${seed}`);
    const count = (kWarmUps + kFloods) * kAtOnce;
    await siege.expect_held({ failures: { early_close: count }, ends: { tls_failed: count, client_closed: kVersions.length } });
  });
});
