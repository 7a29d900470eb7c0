/** Where a service sends its runs and spans, while collectors are set. */
import { postEvent } from "../../lineage/lineage_client.ts";
import { eventsOfRun } from "../../lineage/run_events.ts";
import type { RunCollector } from "../../scheduler/jobs/report_runs.ts";
import type { ServiceLog } from "../../service/log.ts";
import type { SpanSender } from "../../tracing/otlp.ts";
import { spansOfRun } from "../../tracing/run_spans.ts";
import type { Cli } from "../command.ts";
import type { Running } from "./running.ts";

/**
 * @returns undefined while traces are off; then nothing is loaded for them
 * @throws DagsmithError PACKAGE_MISSING
 */
export async function openSpans(
  { config: { traces } }: Cli,
  log: ServiceLog,
  running: Running,
): Promise<SpanSender | undefined> {
  if (traces === null) return undefined;
  const onRefused = (reason: string): void => log("report_refused", { sink: "traces", reason });
  const { openSpanSender } = await import("../../tracing/otlp.ts");
  return running.add(await openSpanSender({ ...traces, onRefused }));
}

/** What a scheduler sends runs to when they have ended. */
export function collectorsOf(
  { config: { lineage } }: Cli,
  log: ServiceLog,
  spans: SpanSender | undefined,
): readonly RunCollector[] {
  return [
    ...(spans ? [traceCollector(spans)] : []),
    ...(lineage === null ? [] : [lineageCollector(lineage, log)]),
  ];
}

const traceCollector = (spans: SpanSender): RunCollector => ({
  sink: "traces",
  send: (runs) => spans.send(runs.flatMap(spansOfRun)),
});

const lineageCollector = (
  target: NonNullable<Cli["config"]["lineage"]>,
  log: ServiceLog,
): RunCollector => ({
  sink: "lineage",
  send: async (runs, versions) => {
    for (const run of runs) {
      const tasks = versions.get(run.versionId)?.spec.tasks ?? [];
      const specs = new Map(tasks.map((task) => [task.taskId, task]));
      for (const event of eventsOfRun(target.namespace, run, specs))
        if (!(await postEvent(target, event)))
          log("report_refused", { sink: "lineage", dag: run.dagId, run: run.runId });
    }
  },
});
