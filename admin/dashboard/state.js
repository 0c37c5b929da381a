// How a backend is, in one word and one class; and which of a pool would take clients.

// Class: up, unknown, leaving or down.
export function state_of({ health, mode, leaving, drain, ejected_until }) {
  if (leaving) return { word: "removed, leaving", look: "leaving" };
  if (mode === "disabled") return { word: "disabled", look: "down" };
  if (health === "down") return { word: mode === "draining" ? "down, draining" : "down", look: "down" };
  if (mode === "draining") return { word: drain?.resting ? "drain rests" : "draining", look: "leaving" };
  if (ejected_until) return { word: "kept back", look: "leaving" };
  return health === "up" ? { word: "up", look: "up" } : { word: health, look: "unknown" };
}

export const takes_clients = (backend) =>
  backend.mode === "enabled" && !backend.leaving && !backend.ejected_until && ["up", "unknown"].includes(backend.health);

// Of those that are or were to be told: 0 to 1.
export function drain_progress({ told, remaining, leaving }) {
  const all = told + remaining - leaving;
  return all > 0 ? told / all : 1;
}

export const identity = ({ pool, name }) => JSON.stringify([pool, name]);
