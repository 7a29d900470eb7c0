/**
 * Sends runs that ended to a collector of traces or lineage, one after the other. A
 * collector that is away gets them later, and holds up no run: only this job waits for it.
 * A pass lasts about a second, so that the watchdog sees the loop come round. What a pass
 * leaves of a run is sent by the next.
 *
 * A collector may fail on the contents of one request. After some attempts the request is
 * left out, but only when the collector takes another run: then it is not away.
 */
import { errorMessage } from "../../../sdk/error_message.ts";
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import type { Job } from "../../service/loop.ts";
import { type ReportedPart, updatesOf } from "../../store/runs/reported_part.ts";
import {
  type DueRuns,
  forgetReports,
  leaseSink,
  type ReportedRun,
  type ReportSink,
  recordReport,
  runsToReport,
} from "../../store/runs/run_report.ts";
import { type Portion, Report } from "../report.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

type Details = {
  readonly tasks: ReadonlyMap<string, TaskSpec>;
  readonly updates: Awaited<ReturnType<typeof updatesOf>>;
};

/** Where runs are sent. */
export interface RunCollector {
  readonly sink: ReportSink;
  /** The requests that send a part of a run. */
  portionsOf(part: ReportedPart, details: Details): readonly Portion[];
  /** Called when a portion is left out, with the reason of its last failure. */
  onLeftOut(run: ReportedRun, reason: string): void;
}

/** Runs that one statement reads. */
const BATCH = 50;
const PASS_MS = 1_000;
const FORGET_EVERY_MS = 600_000;
const RETRY = { firstMs: OFTEN_MS, longestMs: 60_000 };

export const reportRunsJob = (
  { db, plans }: Pick<JobContext, "db" | "plans">,
  collector: RunCollector,
  holder: string,
  passMs = PASS_MS,
): Job => {
  const { sink } = collector;
  const lease = { sink, holder };
  let due: DueRuns = { runs: [], passedAt: null };
  let report: Report | undefined;
  let isCut = false;
  let forgetAt = performance.now();

  const begin = async (run: ReportedRun): Promise<Report> => {
    const versions = await plans.get(db, [run.versionId]);
    const tasks = versions.get(run.versionId)?.spec.tasks ?? [];
    const updates = await updatesOf(db, run);
    const details = { tasks: new Map(tasks.map((task) => [task.taskId, task])), updates };
    return new Report(db, run, (part) => collector.portionsOf(part, details));
  };
  const next = async (): Promise<Report | undefined> => {
    if (due.runs.length === 0) due = await runsToReport(db, lease, BATCH);
    const [run] = due.runs;
    return run && begin(run);
  };
  const forget = async (): Promise<void> => {
    if (performance.now() < forgetAt) return;
    await forgetReports(db, sink);
    forgetAt = performance.now() + FORGET_EVERY_MS;
  };
  /** Each attempt tries another run: that run may have a request that fails, too. */
  const takesAnother = async ({ run, failures }: Report, signal: AbortSignal) => {
    const others = (await runsToReport(db, lease, BATCH)).runs.filter(({ id }) => id !== run.id);
    const other = others[failures % others.length];
    if (!other) return false;
    const probe = await begin(other);
    return probe.sendFirst(signal).catch(() => false);
  };
  /** @returns whether all was sent before `isOver` */
  const send = async (isOver: () => boolean, signal: AbortSignal, of: Report) => {
    for (;;) {
      try {
        return await of.send(isOver, signal);
      } catch (error) {
        const mayLeaveOut = !signal.aborted && of.isTriedEnough;
        if (!mayLeaveOut || !(await takesAnother(of, signal))) throw error;
        of.leaveOut();
        collector.onLeftOut(of.run, errorMessage(error));
        if (isOver()) return false;
      }
    }
  };

  return {
    name: `report_${sink}`,
    everyMs: OFTEN_MS,
    retry: RETRY,
    nextInMs: async () => (isCut ? 0 : null),
    runOnce: async ({ signal }) => {
      isCut = false;
      due = { ...due, runs: report ? [report.run] : [] };
      const endAt = performance.now() + passMs;
      const isOver = (): boolean => signal.aborted || performance.now() > endAt;
      for (let count = 0; ; count++) {
        const isHeld = await leaseSink(db, lease);
        // Another scheduler goes on with what this one has begun.
        report = isHeld ? (report ?? (await next())) : undefined;
        if (!isHeld) return count;
        if (report) isCut = !(await send(isOver, signal, report));
        else await forget();
        if (!report || isCut) return count;
        await recordReport(db, lease, report.run, due.passedAt);
        report = undefined;
        due = { ...due, runs: due.runs.slice(1) };
        isCut = isOver();
        if (isCut) return count + 1;
      }
    },
  };
};
