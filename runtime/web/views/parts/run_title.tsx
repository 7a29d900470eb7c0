/** A run by a name that people can read: `Nov 29, 2026, 04:00, scheduled`. */
import type { VNode } from "preact";
import type { RunDetail } from "../../../store/reads/runs.ts";
import { dayText } from "./text.ts";

/** What created the run, in one word. */
const TYPES: Readonly<Record<RunDetail["runType"], string>> = {
  scheduled: "scheduled",
  manual: "manual",
  backfill: "backfill",
  asset_triggered: "by assets",
  called: "by a task",
  event_triggered: "by an event",
};

export const runTypeText = (type: RunDetail["runType"]): string => TYPES[type];

export function RunTitle({
  run: { logicalDate, runType },
}: {
  readonly run: Pick<RunDetail, "logicalDate" | "runType">;
}): VNode {
  return (
    <>
      <time datetime={logicalDate.toISOString()} data-day title={logicalDate.toISOString()}>
        {dayText(logicalDate)}
      </time>
      {`, ${runTypeText(runType)}`}
    </>
  );
}
