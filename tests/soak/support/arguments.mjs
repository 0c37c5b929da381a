// The arguments of a story: --NAME VALUE over its defaults. Durations are 90s, 10m, 1h and become milliseconds.

const kUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function duration_ms(text) {
  const [, number, unit] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  if (!number) throw new Error(`"${text}" is not a duration such as 90s or 10m`);
  return Number(number) * kUnits[unit];
}

// `defaults` names what there is; a value that ends in a unit is a duration, any other a number.
export function read_arguments(defaults, words = process.argv.slice(2)) {
  const values = { ...defaults };
  for (let i = 0; i < words.length; i += 2) {
    const name = words[i].replace(/^--/, "").replaceAll("-", "_");
    if (!words[i].startsWith("--") || !(name in defaults) || words[i + 1] === undefined) {
      const known = Object.keys(defaults).map((one) => `--${one.replaceAll("_", "-")}`);
      throw new Error(`${words[i]}: what there is: ${known.join(", ")}, each with a value`);
    }
    values[name] = words[i + 1];
  }
  const is_duration = (name) => typeof defaults[name] === "string";
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const number = is_duration(name) ? duration_ms(String(value)) : Number(value);
      if (!Number.isFinite(number)) throw new Error(`--${name.replaceAll("_", "-")}: "${value}" is not a number`);
      return [name, number];
    }),
  );
}
