import { errorMessage } from "dagsmith";
import { expect, test } from "vitest";

test.each<[string, unknown, string]>([
  ["an error", new Error("no"), "no"],
  ["a text", "no", "no"],
  ["nothing", undefined, "undefined"],
  [
    "an error of several addresses",
    new AggregateError([
      new Error("connect ECONNREFUSED ::1:5432"),
      new Error("connect ECONNREFUSED 127.0.0.1:5432"),
    ]),
    "connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432",
  ],
  [
    "several errors with a message",
    new AggregateError([new Error("a"), "b"], "all failed"),
    "all failed: a; b",
  ],
  ["several errors that say the same", new AggregateError([new Error("a"), new Error("a")]), "a"],
  [
    "several errors within several",
    new AggregateError([new AggregateError([new Error("a")]), new Error("b")]),
    "a; b",
  ],
])("%s", (_, thrown, message) => {
  expect(errorMessage(thrown)).toBe(message);
});
