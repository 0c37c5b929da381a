// The stories. One is {name, full, quick, play(stage, size, story)}: `full` and `quick` are its sizes.
import { stories as backends } from "./backends.mjs";
import { stories as bodies } from "./bodies.mjs";
import { stories as descriptors } from "./descriptors.mjs";
import { stories as heads } from "./heads.mjs";
import { stories as pipelines } from "./pipelines.mjs";
import { stories as storms } from "./storms.mjs";
import { stories as websockets } from "./websockets.mjs";

export const all_stories = [...heads, ...bodies, ...backends, ...websockets, ...storms, ...pipelines, ...descriptors];
