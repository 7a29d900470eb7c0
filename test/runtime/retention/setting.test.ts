/** DAG_RETENTION and the options of `dag clean`, as texts. */
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../runtime/config/config.ts";
import { parseAge, parseKinds, RETENTION_KINDS } from "../../../runtime/retention.ts";

const DAY_MS = 86_400_000;
const retention = (text: string) => readConfig({ DAG_RETENTION: text }).retention;

test("without a setting all history is kept", () => {
  expect(readConfig({}).retention).toEqual({});
  expect(retention("")).toEqual({});
});

test("one age holds for every kind", () => {
  expect(retention("90d")).toEqual(
    Object.fromEntries(RETENTION_KINDS.map((kind) => [kind, 90 * DAY_MS])),
  );
});

test("a kind has an age of its own, or is never deleted", () => {
  const { logs, runs, audit } = retention(" 90d , logs = 2w, audit=never");
  expect({ logs, runs, audit }).toEqual({
    logs: 14 * DAY_MS,
    runs: 90 * DAY_MS,
    audit: undefined,
  });
});

test("kinds without an age are kept when no age holds for all", () => {
  expect(retention("logs=1h")).toEqual({ logs: 3_600_000 });
});

describe("one clear error", () => {
  test.each([
    ["30", 'The duration "30" is not understood'],
    ["-1d", 'The duration "-1d" is not understood'],
    ["", "is not understood"],
    ["59m", "59m is too short; allowed: 1h or longer."],
    ["log=90d", '"log" is no kind of history; allowed: runs, logs, decisions, asset-events'],
    ["logs=90d,logs=30d", "logs has two ages."],
    ["90d,30d", "the age of all kinds has two ages."],
    ["90d,", "is not understood"],
    ["runs=", "is not understood"],
  ])("%j: %s", (text, message) => {
    const wrong = text === "" ? "logs=" : text;
    expect(() => retention(wrong)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(/^DAG_RETENTION: [^\n]+$/),
      }),
    );
    expect(() => retention(wrong)).toThrow(message);
  });

  test("of an age and of kinds that a person gives", () => {
    expect(parseAge("PT2H")).toBe(7_200_000);
    expect(() => parseAge("never")).toThrow("is not understood");
    expect(parseKinds("runs, logs,runs")).toEqual(["runs", "logs"]);
    expect(() => parseKinds("runs,slots")).toThrow('"slots" is no kind of history');
  });
});
