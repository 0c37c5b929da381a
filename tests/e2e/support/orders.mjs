// How a program in a process of its own is told what to do and tells what it saw: messages of Node's channel, orders {id, word, ...}
// answered by {id, answer}, and news {news: [...]} that are gathered for a moment.

const kGatherMs = 50;

// The program's end: `table` has a function for each word.
export function obey_orders(table) {
  process.on("message", async ({ id, word, ...order }) => {
    try {
      process.send({ id, answer: (await table[word](order)) ?? null });
    } catch (error) {
      process.send({ id, error: `${word}: ${error.stack}` });
    }
  });
  process.on("disconnect", () => process.exit(0));
}

export class News {
  constructor() {
    this.gathered = [];
  }
  tell(item) {
    if (this.gathered.push(item) === 1) setTimeout(() => this.send(), kGatherMs);
  }
  send() {
    const news = this.gathered;
    this.gathered = [];
    if (news.length > 0 && process.connected) process.send({ news });
  }
}
