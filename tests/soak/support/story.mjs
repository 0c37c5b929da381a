// Runs one story: its arguments, its field, its table, and the exit code. A story is a script that calls `play` once.
import { read_arguments } from "./arguments.mjs";
import { Field } from "./field.mjs";
import { Verdicts } from "./verdicts.mjs";

const kToldLines = 40; // of limpet's log, when a story breaks

// The story has to leave out what the running binary has not.
export class NotThere extends Error {}

// `tell(options)`: async (options, verdicts, lay) where `lay(plan)` answers a field, of `kind`.
export async function play(name, defaults, tell, kind = Field) {
  const verdicts = new Verdicts();
  const fields = [];
  let failure;
  try {
    const options = read_arguments({ seed: 1, ...defaults });
    console.log(`${name}: ${Object.entries(options).map(([word, value]) => `${word} ${value}`).join(", ")}`);
    const lay = async (plan) => {
      const field = await kind.lay({ seed: options.seed, ...plan });
      fields.push(field);
      return field;
    };
    await tell(options, verdicts, lay);
  } catch (error) {
    failure = error;
  }
  for (const field of fields) {
    if (field.limpet?.has_crashed()) failure ??= new Error(`limpet ended by itself: ${JSON.stringify(field.limpet.end)}`);
    if (failure || !verdicts.all_hold()) field.limpet?.lines.slice(-kToldLines).forEach((line) => console.log(`limpet: ${line}`));
    await field.clear().catch((error) => (failure ??= error));
  }
  verdicts.print();
  if (failure) console.log(`\n${name}: ${failure instanceof NotThere ? "left out" : "FAILED"}: ${failure.stack}`);
  else console.log(`\n${name}: ${verdicts.all_hold() ? "holds" : "BROKEN"}`);
  process.exit(failure || !verdicts.all_hold() ? 1 : 0);
}
