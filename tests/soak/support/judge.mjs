// Judges every session that ends while the story goes on: by whom it may have been ended, that it ended well, and that what was
// said arrived. Whatever a fault may do to a backend's sessions is declared before the fault (`touch`); all else is a breach.

const kKeptBreaches = 20; // told with the table
const kBothTellMs = 10_000; // one end tells so much later than the other, at the most
const kHandshakeMs = 2000; // timeouts.handshake: a pinned client waits for its backend so long
const kFaultless = ["lost", "repeated", "reordered", "corrupt"];

export class Judge {
  // `was_out(backend, from, until)`: whether limpet itself held it for down then, for a reason of the machine's.
  constructor(ledger, was_out) {
    Object.assign(this, { ledger, was_out });
    this.touches = [];
    this.breaches = [];
    this.counts = {}; // of ends, by word and code
    this.tails = 0; // messages under way when a session was ended by limpet
    this.slow_moves = 0; // of clients whose backend was too slow for its probes or a handshake, as on a machine that does too much
    this.breach_count = 0;
    ledger.listen((item, side) => this.on_item(item, side));
  }

  // From now on sessions of `backend` ("*": of all) may end as `ends` says: {any: true}, or {code, reason} of the Close, or
  // nothing: none may. Its clients may go elsewhere where `moves`. `over(ms)`: until so long after that call.
  touch(backend, { ends, moves = false }) {
    const touch = { backend, ends, moves, from: Date.now(), until: Infinity, ended: 0 };
    this.touches.push(touch);
    touch.over = (after_ms = 1000) => (touch.until = Date.now() + after_ms);
    return touch;
  }
  touching(backend, from, until) {
    return this.touches.filter((touch) => ["*", backend].includes(touch.backend) && touch.from <= until && touch.until >= from);
  }

  breach(what, row) {
    this.breach_count += 1;
    if (this.breaches.length >= kKeptBreaches) return;
    this.breaches.push(`${new Date().toISOString()} ${what}: ${JSON.stringify(row)}`);
    console.log(`BREACH ${this.breaches.at(-1)}`);
  }
  on_item(item, side) {
    if (item.kind === "open") this.judge_move(item);
    if (item.kind !== "end") return;
    this.judge_books(item, side);
    const row = this.ledger.row(item);
    if (row.client && row.backend) {
      this.judge_pair(row);
      this.ledger.forget(row);
    }
    if (side === "client") this.judge_end(item);
  }
  // A client comes back to where it was, unless that backend was touched since it left.
  judge_move({ before, backend, away_ms, at, number }) {
    if (before === undefined || before === backend) return;
    const from = at - away_ms - 1000;
    const may = this.touching(before, from, at).some(({ moves }) => moves);
    if (!may && (away_ms >= kHandshakeMs || this.was_out(before, from, at))) this.slow_moves += 1;
    else if (!may) this.breach("a client lost its backend", { number, before, backend, away_ms });
  }
  judge_books(item, side) {
    for (const word of kFaultless) {
      if (item[word] > 0) this.breach(`${side}: ${item[word]} messages ${word}`, item);
    }
    const { wrong, after_close } = item.ending;
    if (wrong) this.breach(`${side}: frames are broken`, item);
    if (after_close > 0) this.breach(`${side}: ${after_close} bytes behind a Close`, item);
  }
  judge_end(item) {
    const { word, code, reason, left } = item.ending;
    const name = left ? `left by ${left}` : word === "close" ? `close ${code}` : word;
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    const touches = this.touching(item.backend, item.at - 1000, item.at).filter(({ ends }) => ends);
    const touch = touches.find(({ ends }) => ends.any || (word === "close" && ends.code === code && ends.reason === reason));
    if (touch) touch.ended += 1;
    else if (!left) this.breach("a session was ended without need", item);
    else if (left === "close" && word !== "close") this.breach("a client left in good order, and was not answered", item);
  }
  // Both ends have told. Who left in good order loses nothing; of others a tail may have been under way.
  judge_pair({ client, backend }) {
    const tail = client.sent - backend.received + (backend.sent - client.received);
    if (client.received > backend.sent || backend.received > client.sent) this.breach("more arrived than was said", { client, backend });
    if (client.ending.left !== "close") this.tails += tail;
    else if (client.ending.word === "close" && client.ending.code === 1000 && tail !== 0) this.breach("a tail was lost", { client, backend });
  }

  // Sessions of which one end never told; those of a killed backend cannot.
  judge_rest() {
    const long_ago = Date.now() - kBothTellMs;
    for (const row of this.ledger.ended_rows()) {
      const { client, backend } = row;
      if ((client ?? backend).at > long_ago) continue;
      this.ledger.forget(row);
      // What a backend had to tell a moment before it was killed went with it.
      if (client && this.touching(client.backend, client.at - 1000, client.at + 1000).some(({ ends }) => ends?.any)) continue;
      // The client was gone before its 101 came, or the handshake went on to another backend: no byte of a client may have come.
      if (client === undefined && backend.received === 0) continue;
      this.breach(`the ${client ? "backend" : "client"} never heard of the end`, row);
    }
  }

  report(verdicts) {
    this.judge_rest();
    const ends = Object.entries(this.counts).map(([word, count]) => `${word} ${count}`);
    verdicts.tell("sessions that ended, as their clients saw it", ends.join(", ") || "none");
    verdicts.tell("messages under way in sessions that were ended", this.tails);
    if (this.slow_moves > 0) verdicts.tell("clients that moved because their backend was too slow for its probes or a handshake", this.slow_moves);
    verdicts.zero("sessions ended without need, broken frames, lost or changed messages, clients that lost their backend", this.breach_count);
  }
}
