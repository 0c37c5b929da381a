// Waiting for something to become true, with a deadline. Nothing here waits for a time to pass.

const kLookEveryMs = 15;
// A program under sanitizers is slower by a factor: it is given that much longer.
export const kSlowness = Number(process.env.LIMPET_TEST_PATIENCE ?? 1);
export const kPatienceMs = kSlowness * 20_000; // for what takes milliseconds on an idle machine

const pause = () => new Promise((resolve) => setTimeout(resolve, kLookEveryMs));

// Answers the first truthy value of `condition`. A condition that throws is not met yet; the last error is told.
export async function until(condition, { within = kPatienceMs, what = condition.toString() } = {}) {
  const end = Date.now() + within;
  let last_error;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      last_error = undefined;
    } catch (error) {
      last_error = error;
    }
    if (Date.now() > end) {
      throw new Error(`not within ${within} ms: ${what}`, { cause: last_error });
    }
    await pause();
  }
}

// The promise, or an error that says what did not come.
export function in_time(promise, { within = kPatienceMs, what = "an answer" } = {}) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${within} ms: ${what}`)), within);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// True when `value()` has not changed for `still_for` milliseconds: a transfer that waits for its reader, for example.
export async function until_still(value, { still_for = 500, within = kPatienceMs } = {}) {
  let last = value();
  let since = Date.now();
  await until(
    () => {
      if (value() !== last) {
        last = value();
        since = Date.now();
      }
      return Date.now() - since >= still_for;
    },
    { within, what: "no further change" },
  );
  return last;
}
