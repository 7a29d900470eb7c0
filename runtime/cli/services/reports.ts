/** Where a service sends its runs and spans, while collectors are set. */
import { isDagsmithError } from "../../../sdk/errors.ts";
import { postEvent } from "../../lineage/lineage_client.ts";
import { eventsOf } from "../../lineage/run_events.ts";
import type { ServiceMetrics } from "../../observe/service_metrics.ts";
import type { RunCollector } from "../../scheduler/jobs/report_runs.ts";
import type { EventDetail, ServiceLog } from "../../service/log.ts";
import type { ReportSink } from "../../store/runs/run_report.ts";
import type { SpanSender } from "../../tracing/otlp.ts";
import { spansOf } from "../../tracing/run_spans.ts";
import type { Cli } from "../command.ts";
import type { Running } from "./running.ts";

/** What gets the requests that a collector does not take. */
interface Observers {
  readonly log: ServiceLog;
  readonly metrics: ServiceMetrics | undefined;
}

function refused({ log, metrics }: Observers, sink: ReportSink, detail: EventDetail): void {
  log("report_refused", { sink, ...detail });
  metrics?.reportRefused(sink);
}

/**
 * A platform may set the variables for every process, also where the packages are missing.
 * @returns undefined while traces are off; then nothing is loaded for them
 */
export async function openSpans(
  { config: { traces } }: Cli,
  observers: Observers,
  running: Running,
): Promise<SpanSender | undefined> {
  if (traces === null) return undefined;
  const onRefused = (reason: string): void => refused(observers, "traces", { reason });
  const { openSpanSender } = await import("../../tracing/otlp.ts");
  try {
    return running.add(await openSpanSender({ ...traces, onRefused }));
  } catch (error) {
    if (!isDagsmithError(error) || error.code !== "PACKAGE_MISSING") throw error;
    observers.log("traces_missing", { reason: error.message });
    return undefined;
  }
}

/** What a scheduler sends runs to when they have ended. */
export function collectorsOf(
  { config: { lineage } }: Cli,
  observers: Observers,
  spans: SpanSender | undefined,
): readonly RunCollector[] {
  return [
    ...(spans ? [traceCollector(spans, observers)] : []),
    ...(lineage === null ? [] : [lineageCollector(lineage, observers)]),
  ];
}

const leftOut =
  (observers: Observers, sink: ReportSink): RunCollector["onLeftOut"] =>
  ({ dagId, runId }, reason) =>
    refused(observers, sink, { dag: dagId, run: runId, reason });

/** Spans that one request carries. A collector refuses a request as a whole. */
const SPANS_AT_ONCE = 512;

const traceCollector = (spans: SpanSender, observers: Observers): RunCollector => ({
  sink: "traces",
  onLeftOut: leftOut(observers, "traces"),
  portionsOf: (part) => {
    const all = spansOf(part);
    const starts = Array.from({ length: Math.ceil(all.length / SPANS_AT_ONCE) }, (_, at) => at);
    return starts.map((at) => (signal) => {
      const from = at * SPANS_AT_ONCE;
      return spans.send(all.slice(from, from + SPANS_AT_ONCE), signal);
    });
  },
});

const lineageCollector = (
  target: NonNullable<Cli["config"]["lineage"]>,
  observers: Observers,
): RunCollector => ({
  sink: "lineage",
  onLeftOut: leftOut(observers, "lineage"),
  portionsOf: (part, details) =>
    eventsOf(target.namespace, part, details).map((event) => async (signal) => {
      const { dagId, runId } = part.run;
      if (!(await postEvent(target, event, signal)))
        refused(observers, "lineage", { dag: dagId, run: runId });
    }),
});
