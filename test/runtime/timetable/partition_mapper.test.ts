/** Keys of partitions downstream of others. */
import { describe, expect, it } from "vitest";
import { mapPartitionKey, type PartitionMapper } from "../../../runtime/timetable/index.ts";

const key = "2026-02-10T14:30:45";

describe("a key is mapped", () => {
  it.each([
    ["to itself", { type: "identity" }, key, key],
    ["to its hour", { type: "hourly" }, key, "2026-02-10T14"],
    ["to its day", { type: "daily" }, key, "2026-02-10"],
    ["to its week, from Monday", { type: "weekly" }, key, "2026-02-09 (W07)"],
    [
      "to its week, from its Sunday too",
      { type: "weekly" },
      "2026-01-04T23:59:59",
      "2025-12-29 (W01)",
    ],
    ["to its month", { type: "monthly" }, key, "2026-02"],
    ["to its quarter", { type: "quarterly" }, key, "2026-Q1"],
    ["to its last quarter", { type: "quarterly" }, "2026-12-31T00:00:00", "2026-Q4"],
    ["to its year", { type: "yearly" }, key, "2026"],
    ["from another format", { type: "daily", inputFormat: "%d.%m.%Y" }, "10.02.2026", "2026-02-10"],
    [
      "to another format",
      { type: "monthly", outputFormat: "%Y/%m (it's 100%%)" },
      key,
      "2026/02 (it's 100%)",
    ],
    [
      "from a format with words in it",
      { type: "daily", inputFormat: "day's %Y-%m-%d 'Y'" },
      "day's 2026-02-10 'Y'",
      "2026-02-10",
    ],
    [
      "in another timezone",
      { type: "daily", timezone: "America/New_York", inputFormat: "%Y-%m-%dT%H:%M:%S%z" },
      "2026-02-11T04:00:00+0000",
      "2026-02-10",
    ],
    [
      "that keeps its own wall clock",
      { type: "daily", timezone: "America/New_York" },
      "2026-02-11T01:00:00",
      "2026-02-11",
    ],
    ["if it is allowed", { type: "allowed_keys", keys: ["eu", "us"] }, "eu", "eu"],
    [
      "part by part",
      { type: "product", mappers: [{ type: "allowed_keys", keys: ["eu"] }, { type: "daily" }] },
      `eu|${key}`,
      "eu|2026-02-10",
    ],
  ] as const)("%s", (_, mapper, from, to) => {
    expect(mapPartitionKey(mapper as PartitionMapper, from)).toBe(to);
  });
});

describe("a key is refused", () => {
  it.each([
    [
      "in another format than told",
      { type: "daily" },
      "2026-02-10",
      "not written as %Y-%m-%dT%H:%M:%S",
    ],
    ["with a date that does not exist", { type: "daily" }, "2026-02-30T00:00:00", "not written as"],
    ["with something behind it", { type: "daily" }, `${key} and more`, "not written as"],
    ["that is not allowed", { type: "allowed_keys", keys: ["eu", "us"] }, "cn", "none of eu, us"],
    [
      "with too few parts",
      { type: "product", mappers: [{ type: "identity" }, { type: "identity" }] },
      "a",
      "1 parts, not 2",
    ],
    ["by a format that means nothing", { type: "daily", outputFormat: "%Q" }, key, "%Q is none of"],
  ] as const)("%s", (_, mapper, from, reason) => {
    expect(() => mapPartitionKey(mapper as PartitionMapper, from)).toThrow(
      expect.objectContaining({
        code: "INVALID_PARTITION_KEY",
        message: expect.stringContaining(reason),
      }),
    );
  });
});
