// What is said in a stream of messages: message number N of a stream follows from the stream's seed alone, so that the receiver
// knows every byte of it beforehand. This is its sequence number and its checksum at once, and a message of one byte has it too.

const kKiB = 1024;
const kMiB = 1024 * kKiB;
const kLargest = 4 * kMiB;
const kPoolBytes = kLargest + kMiB; // messages are cuts of a pool, begun anywhere in its first MiB

// Sizes by share: most messages are short, and somewhere somebody always sends a large one. The mean is some 8 KB.
const kSizes = [
  { share: 0.5, least: 1, most: 125 },
  { share: 0.3, least: 126, most: 4 * kKiB },
  { share: 0.18, least: 4 * kKiB, most: 65_535 },
  { share: 0.0155, least: 65_536, most: 256 * kKiB },
  { share: 0.004, least: 256 * kKiB, most: kMiB },
  { share: 0.0004, least: kMiB, most: kLargest },
  { share: 0.0001, least: kLargest, most: kLargest },
];
const kFragmentedShare = 0.15; // of the messages that have two bytes
const kMostFragments = 5;
const kTextShare = 0.5;
const kLettersOfText = Buffer.from("etaoin shrdlu ee"); // skewed and 16, so that text is worth compressing

// A number of 32 bits that looks random (the finaliser of MurmurHash3 over the words).
export function mix(...words) {
  let hash = 0x9e3779b9;
  for (const word of words) {
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}

// Numbers in [0, 1) from a seed, one after the other.
export function dice(...seed) {
  let count = 0;
  return () => mix(...seed, count++) / 2 ** 32;
}

function make_pools() {
  const words = new Uint32Array(kPoolBytes / 4);
  let state = 0x2545f491;
  for (let i = 0; i < words.length; ++i) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  const binary = Buffer.from(words.buffer);
  const text = Buffer.alloc(kPoolBytes);
  for (let i = 0; i < kPoolBytes; ++i) text[i] = kLettersOfText[binary[i] & 15];
  return { binary, text };
}
let pools;

function size_for(throw_dice) {
  let which = throw_dice();
  const row = kSizes.find(({ share }) => (which -= share) < 0) ?? kSizes[0];
  // Each order of magnitude is as likely as the next.
  return Math.min(row.most, Math.floor(row.least * ((row.most + 1) / row.least) ** throw_dice()));
}

// {data, binary, pieces}: the bytes are shared and must not be changed; pieces are the sizes of its fragments.
export function message_of(seed, number) {
  pools ??= make_pools();
  const throw_dice = dice(seed, number);
  const size = size_for(throw_dice);
  const binary = throw_dice() >= kTextShare;
  const at = Math.floor(throw_dice() * kMiB);
  const data = (binary ? pools.binary : pools.text).subarray(at, at + size);
  const pieces = [];
  if (size > 1 && throw_dice() < kFragmentedShare) {
    const count = Math.min(size, 2 + Math.floor(throw_dice() * (kMostFragments - 1)));
    for (let i = 1; i < count; ++i) pieces.push(Math.floor(size / count));
  }
  pieces.push(size - pieces.reduce((sum, piece) => sum + piece, 0));
  return { data, binary, pieces };
}

const kLookBehind = 200; // messages; further ones are told apart no more
const kLookAhead = 200;

// The receiver's books: what should have come, against what came.
export class Checker {
  constructor(seed) {
    this.seed = seed;
    this.next = 0; // the number of the message that is due
    this.missing = new Set(); // numbers that were skipped, and may still come too late
    Object.assign(this, { received: 0, bytes: 0, repeated: 0, reordered: 0, corrupt: 0 });
  }
  get lost() {
    return this.missing.size;
  }
  is(number, data, is_binary) {
    const { data: expected, binary } = message_of(this.seed, number);
    return binary === is_binary && expected.length === data.length && expected.equals(data);
  }
  take(data, is_binary) {
    this.received += 1;
    this.bytes += data.length;
    if (this.is(this.next, data, is_binary)) this.next += 1;
    else this.explain(data, is_binary);
  }
  // Not the message that was due: one of those after it, one of those before it, or none that was ever said.
  explain(data, is_binary) {
    for (let number = this.next + 1; number <= this.next + kLookAhead; ++number) {
      if (!this.is(number, data, is_binary)) continue;
      for (let skipped = this.next; skipped < number; ++skipped) this.missing.add(skipped);
      this.next = number + 1;
      return;
    }
    for (let number = this.next - 1; number >= Math.max(0, this.next - kLookBehind); --number) {
      if (!this.is(number, data, is_binary)) continue;
      if (this.missing.delete(number)) this.reordered += 1;
      else this.repeated += 1;
      return;
    }
    this.corrupt += 1;
    this.next += 1; // it stands in the place of the one that was due
  }
  is_clean() {
    return this.lost + this.repeated + this.reordered + this.corrupt === 0;
  }
  books() {
    const { received, bytes, lost, repeated, reordered, corrupt } = this;
    return { received, bytes, lost, repeated, reordered, corrupt };
  }
}
