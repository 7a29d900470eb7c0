/**
 * Sends runs that ended to a collector of traces or lineage, one after the other. A
 * collector that is away gets them later, and holds up no run: only this job waits for it.
 * A pass lasts about a second, so that the watchdog sees the loop come round. What a pass
 * leaves of a run is sent by the next.
 */
import type { TaskSpec } from "../../../sdk/spec/index.ts";
import type { Job } from "../../service/loop.ts";
import type { Database } from "../../store/database/database.ts";
import { type ReportedPart, readPart, updatesOf } from "../../store/runs/reported_part.ts";
import {
  forgetReports,
  leaseSink,
  type ReportedRun,
  type ReportSink,
  recordReport,
  runsToReport,
} from "../../store/runs/run_report.ts";
import { type JobContext, OFTEN_MS } from "./context.ts";

/** One request to a collector. Resolves when the collector has it, or refuses it for good. */
export type Portion = (signal: AbortSignal) => Promise<void>;

type Details = {
  readonly tasks: ReadonlyMap<string, TaskSpec>;
  readonly updates: Awaited<ReturnType<typeof updatesOf>>;
};

/** Where runs are sent. */
export interface RunCollector {
  readonly sink: ReportSink;
  /** The requests that send a part of a run. */
  portionsOf(part: ReportedPart, details: Details): readonly Portion[];
}

/** Runs that one statement reads. */
const BATCH = 50;
const PASS_MS = 1_000;
/** How long a portion may take: less than the lease, and than the watchdog allows. */
const PORTION_MS = 10_000;
const FORGET_EVERY_MS = 600_000;
const RETRY = { firstMs: OFTEN_MS, longestMs: 60_000 };

export const reportRunsJob = (
  { db, plans }: Pick<JobContext, "db" | "plans">,
  collector: RunCollector,
  holder: string,
  passMs = PASS_MS,
): Job => {
  const { sink } = collector;
  let due: ReportedRun[] = [];
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
  const next = async (position: Date): Promise<Report | undefined> => {
    if (due.length === 0) due = [...(await runsToReport(db, { sink, position, limit: BATCH }))];
    const [run] = due;
    return run && begin(run);
  };
  const forget = async (): Promise<void> => {
    if (performance.now() < forgetAt) return;
    await forgetReports(db, sink);
    forgetAt = performance.now() + FORGET_EVERY_MS;
  };

  return {
    name: `report_${sink}`,
    everyMs: OFTEN_MS,
    retry: RETRY,
    nextInMs: async () => (isCut ? 0 : null),
    runOnce: async ({ signal }) => {
      isCut = false;
      due = report ? [report.run] : [];
      const endAt = performance.now() + passMs;
      const isOver = (): boolean => signal.aborted || performance.now() > endAt;
      for (let count = 0; ; count++) {
        const position = await leaseSink(db, sink, holder);
        // Another scheduler goes on with what this one has begun.
        report = position && (report ?? (await next(position)));
        if (!position) return count;
        if (report) isCut = !(await report.send(isOver, signal));
        else await forget();
        if (!report || isCut) return count;
        await recordReport(db, { sink, holder }, report.run);
        report = undefined;
        due.shift();
        isCut = isOver();
        if (isCut) return count + 1;
      }
    },
  };
};

/** What is to be sent of a run. A portion that fails is sent again by the next pass. */
class Report {
  readonly run: ReportedRun;
  readonly #db: Database;
  readonly #portionsOf: (part: ReportedPart) => readonly Portion[];
  #part: ReportedPart | undefined;
  #portions: readonly Portion[] = [];
  #sent = 0;

  constructor(
    db: Database,
    run: ReportedRun,
    portionsOf: (part: ReportedPart) => readonly Portion[],
  ) {
    this.#db = db;
    this.run = run;
    this.#portionsOf = portionsOf;
  }

  /** @returns whether all was sent before `isOver` */
  async send(isOver: () => boolean, signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const portion = this.#portions[this.#sent];
      if (portion) {
        await portion(AbortSignal.any([signal, AbortSignal.timeout(PORTION_MS)]));
        this.#sent += 1;
      } else if (this.#part && this.#part.last === null) return true;
      else await this.#read();
      if (isOver()) return false;
    }
  }

  async #read(): Promise<void> {
    this.#part = await readPart(this.#db, this.run, this.#part?.last ?? null);
    this.#portions = this.#portionsOf(this.#part);
    this.#sent = 0;
  }
}
