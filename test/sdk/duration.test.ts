/** Lengths of time as people write them. */
import { describe, expect, it } from "vitest";
import { type Duration, durationMs } from "../../sdk/index.ts";

describe("a duration", () => {
  it.each([
    ["500ms", 500],
    ["0s", 0],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1.5h", 5_400_000],
    ["1d", 86_400_000],
    ["2w", 1_209_600_000],
    ["1h30m", 5_400_000],
    ["1d2h30m", 95_400_000],
    ["PT5M", 300_000],
    ["P1DT12H", 129_600_000],
    ["P1W", 604_800_000],
    ["PT0.5S", 500],
  ] as const)("%s is %i ms", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(["1.005s", "4.35ms", "0.0001s"] as const)(
    "%s is rounded to whole milliseconds",
    (text) => {
      expect(Number.isInteger(durationMs(text))).toBe(true);
    },
  );

  it.each([
    "",
    "5",
    "m",
    "5min",
    "5 m",
    "-5m",
    "5m-",
    "5m,3s",
    "1e3s",
    "5M",
    "P",
    "PT",
    "PT-5M",
    "-PT5M",
    "P1M",
    "P1Y",
    "P1Y2D",
    "NaNs",
    "Infinitys",
    5,
    null,
    undefined,
    {},
  ])("refuses %j", (text) => {
    expect(() => durationMs(text as Duration)).toThrow(
      expect.objectContaining({ code: "INVALID_DURATION" }),
    );
  });
});
