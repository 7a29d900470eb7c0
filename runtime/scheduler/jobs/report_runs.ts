/**
 * Sends runs that ended to a collector of traces or lineage. A collector that is away gets
 * them later, and holds up no run: only this job waits for it.
 */
import type { Job } from "../../service/loop.ts";
import type { PlannedVersion } from "../../store/dags/plans.ts";
import {
  leaseSink,
  type ReportedRun,
  type ReportSink,
  recordReports,
  runsToReport,
} from "../../store/runs/run_report.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

/** The versions of runs, by their ids. */
type Versions = ReadonlyMap<number, PlannedVersion>;

/** Where runs are sent. */
export interface RunCollector {
  readonly sink: ReportSink;
  /** Resolves when the collector has them. */
  send(runs: readonly ReportedRun[], versions: Versions): Promise<void>;
}

/** Runs of one pass: their spans fit into the memory of a scheduler. */
const BATCH = 50;
const RETRY = { firstMs: OFTEN_MS, longestMs: 60_000 };

export const reportRunsJob = (
  { db, plans }: Pick<JobContext, "db" | "plans">,
  { sink, send }: RunCollector,
  holder: string,
): Job => {
  let isFull = false;
  return {
    name: `report_${sink}`,
    everyMs: OFTEN_MS,
    retry: RETRY,
    nextInMs: async () => (isFull ? 0 : null),
    runOnce: async () => {
      const position = await leaseSink(db, sink, holder);
      if (!position) return 0;
      const runs = await runsToReport(db, { sink, position, limit: BATCH });
      if (runs.length > 0)
        await send(
          runs,
          await plans.get(
            db,
            runs.map(({ versionId }) => versionId),
          ),
        );
      await recordReports(db, { sink, holder }, runs);
      isFull = runs.length === BATCH;
      return runs.length;
    },
  };
};
