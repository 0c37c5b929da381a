// Every attack in full size; scripts/siege runs them and prints the table. The same in small is tests/e2e/attack.test.mjs.
import { scenario } from "../e2e/support/scenario.mjs";
import { all_stories } from "./stories/all.mjs";
import { report_row } from "./support/report.mjs";

const kStoryMs = 180_000;

async function play(stage, story) {
  try {
    await story.play(stage, story.full, story);
  } catch (error) {
    report_row({ story: story.name, failed: error.message.split("\n", 1)[0] });
    throw error;
  }
}

for (const story of all_stories) {
  scenario(story.name, (stage) => play(stage, story), { within: kStoryMs });
}
