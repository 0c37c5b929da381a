// What the programs of this folder take from the end-to-end tests: their packages are installed there and nowhere else.
import { createRequire } from "node:module";

export const { WebSocket } = createRequire(new URL("../../tests/e2e/package.json", import.meta.url))("ws");
