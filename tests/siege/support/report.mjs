// The rows of the table at the end: one for each story, written to LIMPET_SIEGE_RESULTS, a file of lines of JSON.
//   node report.mjs FILE     prints the table
import { appendFileSync, readFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

export function report_row(row) {
  const file = process.env.LIMPET_SIEGE_RESULTS;
  if (file) appendFileSync(file, `${JSON.stringify(row)}\n`);
}

const kColumns = [
  ["story", (row) => row.story],
  ["attackers", (row) => row.attackers],
  ["memory an attacker, B", (row) => row.bytes_each],
  ["peak growth, KiB", (row) => Math.round(row.growth / 1024)],
  ["processor, s", (row) => row.processor_s.toFixed(2)],
  ["took, s", (row) => row.took_s.toFixed(1)],
  ["bystander's worst, ms", (row) => row.worst_ms.toFixed(0)],
  ["counted", (row) => row.counted],
];

function print_table(file) {
  const rows = readFileSync(file, "utf8").trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  console.log(`| ${kColumns.map(([title]) => title).join(" | ")} |`);
  console.log(`|${kColumns.map(() => "---").join("|")}|`);
  for (const row of rows) {
    const cells = row.failed ? [row.story, `FAILED: ${row.failed}`] : kColumns.map(([, cell]) => cell(row));
    console.log(`| ${cells.join(" | ")} |`);
  }
}
if (argv[1] === fileURLToPath(import.meta.url)) print_table(argv[2]);
