/**
 * Decides the intervals of a DAG now: which get a run, which are skipped and why. Pure:
 * the memories of its schedules, its active runs and the clock are arguments; runs,
 * decisions and new memories are the result. So a pass only reads and writes. Bounded:
 * however much a DAG has missed, one pass creates at most so many runs, and the next pass
 * goes on from there.
 */
import type { ScheduledDag } from "../../store/dags/dag.ts";
import type { ScheduleMemory } from "../../store/dags/dag_schedule.ts";
import type { NewDecision } from "../../store/dags/schedule_decision.ts";
import type { NewRun } from "../../store/runs/dag_run.ts";
import { type RunInfo, runIdOf } from "../../timetable/index.ts";
import type { DueSchedules } from "./due_schedules.ts";
import { Track } from "./track.ts";

/** What one pass changes of a DAG. */
export interface SchedulingResult {
  readonly dag: ScheduledDag;
  readonly memories: readonly ScheduleMemory[];
  readonly runs: readonly NewRun[];
  readonly decisions: readonly NewDecision[];
}

/**
 * The runs that are due now and for which there is capacity, the longest due first; and
 * when the DAG is due again.
 */
export function decide(due: DueSchedules): SchedulingResult {
  const tracks = due.spec.schedules.map((named) => new Track(named, due));
  const made: { readonly run: NewRun; readonly interval: RunInfo }[] = [];
  const { mostRuns = 1_000, spec, now } = due;
  let atCapacity = false;
  for (
    let track = turnOf(tracks, due);
    track?.next && track.next.runAfter <= now;
    track = turnOf(tracks, due)
  ) {
    atCapacity = due.active + made.length >= spec.maxActiveRuns;
    if (atCapacity || made.length >= mostRuns) break;
    made.push({ run: scheduledRun(due, track, track.next), interval: track.next });
    track.advance();
  }
  return {
    dag: {
      dagId: due.dag.dagId,
      nextRunAfter: nextLook(tracks, now),
      atCapacity,
      error: tracks.find((track) => track.error !== null)?.error ?? null,
    },
    memories: tracks.map((track) => track.memory),
    runs: made.map(({ run }) => run),
    decisions: [
      ...skipDecisions(due, tracks),
      ...made.map(({ run, interval }) => runDecision(run, interval)),
    ],
  };
}

/**
 * Remaining runs are due now, behind the DAGs that became due before: a DAG with much to
 * catch up must not stay first in the queue.
 */
function nextLook(tracks: readonly Track[], now: Date): Date | null {
  const looks = tracks.flatMap(({ lookAt }) => lookAt?.getTime() ?? []);
  return looks.length === 0 ? null : new Date(Math.max(now.getTime(), Math.min(...looks)));
}

/**
 * The schedule that creates the next run: the longest due, or with the newest first the
 * last that is due.
 */
function turnOf(tracks: readonly Track[], { spec, now }: DueSchedules): Track | undefined {
  const due =
    spec.catchupOrder === "newest"
      ? tracks.filter(({ next }) => next !== null && next.runAfter <= now)
      : [];
  return due.length === 0
    ? earliest(tracks)
    : due.toSorted((a, b) => Number(b.next?.runAfter) - Number(a.next?.runAfter))[0];
}

function earliest(tracks: readonly Track[]): Track | undefined {
  return tracks
    .filter(({ next }) => next !== null)
    .reduce<Track | undefined>(
      (first, track) =>
        first?.next && track.next && first.next.runAfter <= track.next.runAfter ? first : track,
      undefined,
    );
}

function scheduledRun(
  { dag }: DueSchedules,
  { named: { name, schedule, params } }: Track,
  next: RunInfo,
): NewRun {
  return {
    dagId: dag.dagId,
    runId: runIdOf("scheduled", {
      schedule,
      name,
      runAfter: next.runAfter,
      dataInterval: next.dataInterval,
    }),
    runType: "scheduled",
    versionId: dag.versionId,
    logicalDate: next.logicalDate,
    dataIntervalStart: next.dataInterval.start,
    dataIntervalEnd: next.dataInterval.end,
    runAfter: next.runAfter,
    params,
    schedule: name,
    trigger: null,
    partitionKey: next.partition?.key ?? null,
  };
}

function runDecision({ dagId, schedule, runId }: NewRun, interval: RunInfo): NewDecision {
  return {
    dagId,
    schedule: schedule ?? "",
    decision: "run",
    reason: null,
    count: 1,
    first: interval,
    last: interval,
    runId,
  };
}

function skipDecisions(
  { dag: { dagId } }: DueSchedules,
  tracks: readonly Track[],
): readonly NewDecision[] {
  return tracks.flatMap(({ named, skips }) =>
    skips.map((skipped) => ({
      dagId,
      schedule: named.name,
      decision: "skipped" as const,
      runId: null,
      ...skipped,
    })),
  );
}
