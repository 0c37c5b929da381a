// A siege (tests/siege) of a TLS listener: the bystander talks over TLS, and failed handshakes are counted by their words.
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { Siege } from "../../siege/support/siege.mjs";
import { switching_backend } from "../../siege/support/websocket_by_hand.mjs";
import { run_program } from "./child.mjs";
import { kLocal, Pki } from "./tls.mjs";
import { until } from "./until.mjs";

export class TlsSiege {
  // `tls` is added to the listener's section; with `asks` clients must have a certificate of the same authority.
  static async lay(stage, { tls = {}, asks = false, timeouts_ms, backend } = {}) {
    const pki = new Pki(stage.folder());
    const certificates = [pki.issue("site", kLocal), pki.issue("other", "DNS:other.test")];
    const own = pki.issue("bystander", "DNS:bystander.test");
    const listener = { bind: "127.0.0.1:0", tls: { certificates, ...(asks ? { client_ca: pki.ca } : {}), ...tls } };
    const siege = new TlsSiege();
    siege.siege = await Siege.lay(stage, {
      backends: [backend ?? (await switching_backend(stage))],
      timeouts_ms,
      settings: { listeners: [listener] },
      tls: { ca: pki.ca, ...(asks ? { cert: own.certificate, key: own.key } : {}) },
    });
    return Object.assign(siege, { stage, pki, limpet: siege.siege.limpet, port: siege.siege.limpet.port });
  }

  // `openssl s_client` with these arguments; `input` is the text of a shell's printf. Answers all that it said.
  async s_client(args, { input = "" } = {}) {
    const command = `printf '${input}' | openssl s_client -connect 127.0.0.1:${this.port} ${args} 2>&1`;
    return (await run_program("sh", ["-c", command])).stdout;
  }

  async tls_totals() {
    return (await this.siege.meter.totals()).tls_clients;
  }
  // All that was counted since the start: failures by word and ends by reason are exactly these, descriptors are back, and
  // the bystander has lost nothing.
  async expect_held({ failures, ends }) {
    const attackers = Object.values(ends).reduce((sum, count) => sum + count, 0);
    assert.deepEqual(await this.siege.until_ended(attackers), ends);
    let counted;
    const is_met = async () => isDeepStrictEqual((counted = (await this.tls_totals()).failures), failures);
    await until(is_met, { what: "the failures" }).catch(() => assert.deepEqual(counted, failures));
    await this.siege.expect_all_back();
    await this.siege.bystander.expect_unharmed();
    assert.ok(!this.limpet.end, "limpet lives");
  }
}
