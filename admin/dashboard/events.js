// What has happened lately, the newest first; the newest is also said to those who do not see the list.
import { by_id, clock_time, element, plural, set_text } from "./dom.js";

const kMost = 100;

const about = ({ pool, backend }) => `${backend} of pool ${pool}`;
const kSentences = {
  health: (event) => `${about(event)} is ${event.to} (was ${event.from}), ${plural(event.sessions, "session")}`,
  mode: (event) => `${about(event)} is ${event.to} (was ${event.from}), ${plural(event.sessions, "session")}`,
  drained: (event) => `${about(event)} has no session left`,
  added: (event) => `${about(event)} was added`,
  leaving: (event) => `${about(event)} was taken out, ${plural(event.sessions, "session")} left`,
  removed: (event) => `${about(event)} is gone`,
  configuration: (event) => `configuration ${event.to} runs`,
};
const sentence = (event) => (kSentences[event.event] ? kSentences[event.event](event) : event.event);

export class Events {
  last = 0;
  has_looked = false;

  // `answer` of GET /v1/events with the `last` of before.
  add({ last, events }) {
    const list = by_id("events");
    if (last < this.last) list.replaceChildren();
    const is_first_look = !this.has_looked;
    this.has_looked = true;
    this.last = last;
    if (events.length === 0) return;
    const lines = events.map((event) => element("li", {}, element("time", { datetime: event.at }, clock_time(event.at)), ` ${sentence(event)}`));
    list.prepend(...lines.reverse());
    while (list.childElementCount > kMost) list.lastChild.remove();
    if (!is_first_look) set_text(by_id("news"), sentence(events.at(-1)));
  }
}
