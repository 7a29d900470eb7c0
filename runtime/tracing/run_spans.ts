/** The spans of a run that ended: one of the run, and one of each try. Pure. */
import type { SpanRecord } from "../child/span_record.ts";
import type { ReportedRun, ReportedTry } from "../store/runs/run_report.ts";
import { runSpanId, traceIdOf, trySpanId } from "./trace_ids.ts";

export function spansOfRun(run: ReportedRun): readonly SpanRecord[] {
  const endMs = run.finishedAt.getTime();
  const root: SpanRecord = {
    ...{ traceId: traceIdOf(run), spanId: runSpanId(run), parentSpanId: null },
    ...{ name: run.dagId, kind: "internal", endMs },
    startMs: (run.startedAt ?? run.queuedAt).getTime(),
    attributes: { ...idsOf(run), "dagsmith.state": run.state, "dagsmith.run_type": run.runType },
    error: run.state === "failed" ? (run.reason ?? "the run failed") : null,
  };
  return [root, ...run.tries.map((one) => spanOfTry(run, one))];
}

function spanOfTry(run: ReportedRun, ofTry: ReportedTry): SpanRecord {
  const { taskId, mapIndex, tryNumber, state, startedAt, finishedAt, reason } = ofTry;
  return {
    ...{ traceId: traceIdOf(run), spanId: trySpanId(run, ofTry), parentSpanId: runSpanId(run) },
    ...{ name: taskId, kind: "internal", endMs: finishedAt.getTime() },
    startMs: (startedAt ?? finishedAt).getTime(),
    attributes: {
      ...{ ...idsOf(run), "dagsmith.task_id": taskId, "dagsmith.state": state },
      ...{ "dagsmith.map_index": mapIndex, "dagsmith.try_number": tryNumber },
    },
    error: state === "failed" || state === "lost" ? (reason ?? `the try is ${state}`) : null,
  };
}

function idsOf({ dagId, runId }: ReportedRun) {
  return { "dagsmith.dag_id": dagId, "dagsmith.run_id": runId };
}
