// What was measured beside what was promised, as a table; one row that does not hold fails the story.

export class Verdicts {
  rows = [];

  // `holds` is the rule, `bound` its words.
  row(what, measured, bound, holds) {
    this.rows.push({ what, measured: String(measured), bound, holds });
  }
  // Told, and not judged.
  tell(what, measured) {
    this.rows.push({ what, measured: String(measured), bound: "", holds: true });
  }
  equal(what, measured, expected) {
    this.row(what, measured, `= ${expected}`, measured === expected);
  }
  zero(what, measured) {
    this.equal(what, measured, 0);
  }
  at_most(what, measured, most, unit = "") {
    this.row(what, `${round(measured)}${unit}`, `<= ${round(most)}${unit}`, measured <= most);
  }
  within(what, measured, [least, most], unit = "") {
    this.row(what, `${round(measured)}${unit}`, `${round(least)} to ${round(most)}${unit}`, measured >= least && measured <= most);
  }
  all_hold() {
    return this.rows.length > 0 && this.rows.every(({ holds }) => holds);
  }
  print() {
    console.log("\n| what | measured | promised | |\n|---|---|---|---|");
    for (const { what, measured, bound, holds } of this.rows) {
      console.log(`| ${what} | ${measured} | ${bound} | ${holds ? (bound ? "holds" : "") : "**BROKEN**"} |`);
    }
  }
}

const round = (number) => (Math.abs(number) < 100 ? Math.round(number * 10) / 10 : Math.round(number));
