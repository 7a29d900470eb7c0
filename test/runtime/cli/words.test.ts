import { expect, test } from "vitest";
import { hint, nearest } from "../../../runtime/cli/find/nearest.ts";
import { table } from "../../../runtime/cli/output/table.ts";
import { safeText } from "../../../runtime/cli/output/terminal.ts";
import { durationCell, timeText } from "../../../runtime/cli/output/words.ts";

test("lengths of time are written with the two units that matter", () => {
  const ms = [0, 999, 1_000, 59_999, 60_000, 125_000, 3_600_000, 11_400_000, 187_200_000, null];
  expect(ms.map(durationCell)).toEqual([
    "0 ms",
    "999 ms",
    "1.0 s",
    "59.9 s",
    "1 min",
    "2 min 5 s",
    "1 h",
    "3 h 10 min",
    "2 d 4 h",
    "-",
  ]);
});

test("times are written to the second, in UTC", () => {
  expect([timeText(new Date("2026-01-31T04:00:00.999Z")), timeText(null)]).toEqual([
    "2026-01-31 04:00:00Z",
    "-",
  ]);
});

test("text of others cannot act on the terminal", () => {
  expect(safeText("a\u001b[2Jb\u001b]0;title\u0007c\rd\u202ee\tf\ng")).toBe(
    "abc\ufffdd\ufffde\tf\ng",
  );
});

test("columns are as wide as what is seen of their widest cell", () => {
  expect(
    table(
      ["a", "b"],
      [
        ["\u001b[31mlong\u001b[39m", "x"],
        ["y", "two\n lines"],
      ],
    ),
  ).toEqual(["A     B", "\u001b[31mlong\u001b[39m  x", "y     two lines"]);
});

test("the nearest name is the one with the fewest edits, if they are few", () => {
  const names = ["daily_report", "hourly_report", "cleanup"];
  expect([
    nearest("daly_report", names),
    nearest("report", names),
    nearest("zzz", names),
    nearest("x", []),
  ]).toEqual(["daily_report", "daily_report", undefined, undefined]);
  expect(hint("zzz", names)).toBe("There are: daily_report, hourly_report, cleanup.");
});
