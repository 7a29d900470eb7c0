/** Waits for a time, for runs of another DAG, and for events. */
import { chain, dag, externalRun, waitFor, waitForEvent, waitUntil } from "dagsmith";

const other = dag("other");
other.task("good", () => 1);
other.task("bad", () => {
  throw new Error("no");
});
const waits = dag("waits");
const at = "2026-02-03T04:05:06Z";
waits.task("pause", waitFor("100ms"));
waits.task("past", waitUntil("2020-01-01"));
waits.task(
  "computed",
  waitUntil(({ logicalDate }) => logicalDate.minus({ years: 1 })),
);
waits.task("run", externalRun({ dag: "other", at }));
waits.task("good", externalRun({ dag: "other", task: "good", at }));
waits.task(
  "never",
  externalRun({ dag: "other", at: "2001-01-01", timeout: "100ms", softFail: true }),
);
const events = dag("events");
const early = events.task("early", waitForEvent<{ by: string }>("approved"));
chain(early, events.task("again", waitForEvent("approved")));
events.task("by", { inputs: { early } }, ({ inputs }) => inputs.early.by);
export default [other, waits, events];
