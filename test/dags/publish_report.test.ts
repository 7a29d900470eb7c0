/** The example that asks people. */
import { runDag } from "dagsmith/testing";
import { expect, test } from "vitest";
import d from "../../dags/publish_report.ts";

const logicalDate = "2026-07-31";

test("without an answer the report is archived", async () => {
  const run = await runDag(d, { logicalDate });
  expect(run.xcom("archive")).toBe("archived 2026-07-31: no answer in time");
  expect(run.xcom("publish")).toBeUndefined();
});

test("the question shows the numbers, and its answer decides", async () => {
  const asked: string[] = [];
  const run = await runDag(d, {
    logicalDate,
    params: { orders: 200, refunds: 5 },
    onQuestion: async ({ subject, body }) => {
      asked.push(subject, body ?? "");
      return { option: "publish", form: { note: "looks right" } };
    },
  });
  expect(asked).toEqual(["Publish the report of 2026-07-31?", "200 orders, 2.5 % refunds."]);
  expect(run.xcom("publish")).toBe("published 2026-07-31: looks right");
  expect(run.xcom("archive")).toBeUndefined();
});
