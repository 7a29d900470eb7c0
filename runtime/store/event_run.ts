/** A run that an event makes: no slot could name it, so a suffix does; its logical date is the moment at which it is made. */
import { randomInt } from "node:crypto";
import type { RunTrigger } from "../../sdk/trigger.ts";
import { triggeredRunId } from "../timetable/index.ts";
import type { NewRun } from "./dag_run.ts";

/** The DAG whose run it is, at the moment `now`. */
export interface TriggeredDag {
  readonly dagId: string;
  readonly versionId: number;
  readonly now: Date;
}

/** Its data interval has no length. */
export function eventRun({ dagId, versionId, now }: TriggeredDag, trigger: RunTrigger): NewRun {
  const runType = trigger.type === "assets" ? "asset_triggered" : "event_triggered";
  return {
    ...{ dagId, versionId, runType, runId: triggeredRunId(runType, now, randomSuffix()) },
    ...{ logicalDate: now, dataIntervalStart: now, dataIntervalEnd: now, runAfter: now, params: {}, schedule: null },
    trigger: trigger as unknown as NewRun["trigger"],
  };
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Two runs of a DAG may be made in the same millisecond. */
function randomSuffix(): string {
  return Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join("");
}
