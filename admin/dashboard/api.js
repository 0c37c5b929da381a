// The calls of the admin endpoint. The token is asked for when a call is refused without it, and is kept in this module alone.
import { by_id, set_text } from "./dom.js";

let token = "";
let asking; // the promise of a token, while the dialog is open

export class Refused extends Error {
  constructor(status, word, detail) {
    super(detail);
    Object.assign(this, { status, word });
  }
}

export const pool_query = (pool) => `?${new URLSearchParams({ pool })}`;
export const in_path = (name) => encodeURIComponent(name);

function ask_for_token(was_wrong) {
  asking ??= new Promise((resolve) => {
    const dialog = by_id("token");
    const form = dialog.querySelector("form");
    set_text(dialog.querySelector(".fault"), was_wrong ? "That is not the token." : "");
    form.onsubmit = (event) => {
      event.preventDefault();
      token = form.elements.token.value.trim();
      form.reset();
      dialog.onclose = null;
      dialog.close();
      asking = undefined;
      resolve();
    };
    // Without the token there is nothing to see: who closes the dialog is asked again.
    dialog.onclose = () => dialog.showModal();
    dialog.showModal();
  });
  return asking;
}

// Throws Refused for what the endpoint refuses and TypeError where it is away.
async function ask(path, { method = "GET", body, signal } = {}) {
  for (;;) {
    const used = token;
    const headers = { ...(used && { Authorization: `Bearer ${used}` }), ...(body && { "Content-Type": "application/json" }) };
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), signal, cache: "no-store", credentials: "omit" });
    if (answer.ok) return answer;
    const said = await answer.json();
    if (answer.status !== 401) throw new Refused(answer.status, said.error, said.detail);
    // Another call may have brought a token in the meantime.
    if (used === token) await ask_for_token(used !== "");
  }
}

// Answers the JSON of a call.
export const call = async (path, options) => (await ask(path, options)).json();

// The events of a stream, as [name, JSON], until it ends. (An EventSource could not bring the token.)
export async function* stream(path, signal) {
  const reader = (await ask(path, { signal })).body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (text + value).split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(part);
      yield [name, JSON.parse(data)];
    }
  }
}
