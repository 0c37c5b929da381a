// The attacks of tests/siege in small: the same stories, fewer attackers, shorter timeouts. scripts/siege plays them in full.
import { describe } from "node:test";
import { all_stories } from "../siege/stories/all.mjs";
import { scenario } from "./support/scenario.mjs";

// Each has a limpet of its own, and most of them wait for timeouts most of the time.
describe("attacks in small", { concurrency: 3 }, () => {
  for (const story of all_stories) {
    scenario(story.name, (stage) => story.play(stage, story.quick, story));
  }
});
