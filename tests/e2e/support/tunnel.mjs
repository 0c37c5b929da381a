// A tunnel through limpet with both ends in the test's hands.
import { switch_answer, upgrade_request } from "./frames.mjs";
import { until } from "./until.mjs";

// Scripted backends that switch at once, one for each call of `open`; answers {limpet, open}.
export async function tunnels(stage, settings = {}) {
  const switched = [];
  const backend = await stage.script_backend(async (connection) => {
    const head = await connection.read_head();
    connection.head = head;
    connection.send(switch_answer(head));
    switched.push(connection);
  });
  const limpet = await stage.start_limpet({ backends: [backend], health: { probe: "none" }, ...settings });
  const open = async () => {
    const client = await stage.connect(limpet.port);
    client.send(upgrade_request());
    client.head = await client.read_head();
    if (client.head.status !== 101) throw new Error(`no 101: ${client.head.text}`);
    await until(() => switched.length > 0);
    return { client, backend: switched.shift() };
  };
  return { limpet, open };
}
