/** The spans of a run that ended: one of the run, and one of each try. Pure. */
import type { SpanRecord } from "../child/span_record.ts";
import type { ReportedPart, ReportedTry } from "../store/runs/reported_part.ts";
import type { ReportedRun } from "../store/runs/run_report.ts";
import { runSpanId, traceIdOf, trySpanId } from "./trace_ids.ts";

/** What all spans of a run share: hashes, which cost more than the rest of a span. */
type Root = Pick<SpanRecord, "traceId" | "spanId">;

/** The first part has the span of the run. */
export function spansOf({ run, tries, isFirst }: ReportedPart): readonly SpanRecord[] {
  const root = { traceId: traceIdOf(run), spanId: runSpanId(run) };
  const spans = tries.map((one) => spanOfTry(run, root, one));
  return isFirst ? [spanOfRun(run, root), ...spans] : spans;
}

function spanOfRun(run: ReportedRun, root: Root): SpanRecord {
  return {
    ...{ ...root, parentSpanId: null, name: run.dagId, kind: "internal" },
    startMs: (run.startedAt ?? run.queuedAt).getTime(),
    endMs: run.finishedAt.getTime(),
    attributes: { ...idsOf(run), "dagsmith.state": run.state, "dagsmith.run_type": run.runType },
    error: run.state === "failed" ? (run.reason ?? "the run failed") : null,
  };
}

function spanOfTry(run: ReportedRun, { traceId, spanId }: Root, ofTry: ReportedTry): SpanRecord {
  const { taskId, mapIndex, tryNumber, state, startedAt, finishedAt, reason } = ofTry;
  return {
    ...{ traceId, spanId: trySpanId(run, ofTry), parentSpanId: spanId },
    ...{ name: taskId, kind: "internal", endMs: finishedAt.getTime() },
    startMs: startedAt.getTime(),
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
