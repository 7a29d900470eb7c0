/** The events of tries in the log of a worker, with the ids that a search needs. */
import type { EndedTry } from "../../executor/try_runner.ts";
import type { EventName } from "../../service/events.ts";
import type { ServiceLog } from "../../service/log.ts";

export function logTry(log: ServiceLog, end: EndedTry): void {
  const { dagId: dag, runId: run, taskId: task, tryNumber, ...detail } = end;
  log(eventOf(end), { dag, run, task, try: tryNumber, ...detail });
}

function eventOf({ outcome }: EndedTry): EventName {
  if (outcome === "failed") return "try_failed";
  return outcome === "lost" ? "try_lost" : "try_ended";
}
