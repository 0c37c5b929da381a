// Closes that must pass unchanged, whoever begins: the registry, its ends, and the longest reason.

export const kCloses = [
  { code: 1000, reason: "" },
  { code: 1000, reason: "done" },
  { code: 1001, reason: "going away" },
  { code: 1011, reason: "internal error" },
  { code: 3000, reason: "registered" },
  { code: 4999, reason: "r".repeat(123) },
];
