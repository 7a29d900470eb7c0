/**
 * Which runs a DAG's schedules make now. Pure: what the schedules remember, how full the DAG is and the clock come in, runs and memories go
 * out, so that a tick only reads and writes.
 */
import type { NamedSchedule } from "../../sdk/schedule.ts";
import type { DagSpec } from "../../sdk/spec.ts";
import type { DueDag, ScheduledDag } from "../store/dag.ts";
import type { NewRun } from "../store/dag_run.ts";
import type { ScheduleMemory } from "../store/dag_schedule.ts";
import { type Interval, nextRun, type RunInfo, restrictionOf, runIdOf } from "../timetable/index.ts";

/** A DAG that is due, and all that its schedules may know. */
export interface DueSchedules {
  readonly dag: DueDag;
  readonly spec: DagSpec;
  readonly memories: readonly ScheduleMemory[];
  /** Runs that are queued or running. */
  readonly active: number;
  readonly now: Date;
}

export interface Decision {
  readonly dag: ScheduledDag;
  readonly memories: readonly ScheduleMemory[];
  readonly runs: readonly NewRun[];
}

/**
 * A tick is always a little late. Within this the schedule is asked as of the instant it wanted to be looked at, so that `catchup: "none"`
 * does not take the interval that has just ended for one that was missed.
 */
const PUNCTUAL_WITHIN_MS = 60_000;

/** The runs that are due now, the longest due first, as many as there is room for; and when the DAG wants to be looked at again. */
export function decide(due: DueSchedules): Decision {
  const tracks = due.spec.schedules.map((named) => new Track(named, due));
  const runs: NewRun[] = [];
  let atCapacity = false;
  for (let track = soonest(tracks); track?.next && track.next.runAfter <= due.now; track = soonest(tracks)) {
    atCapacity = due.active + runs.length >= due.spec.maxActiveRuns;
    if (atCapacity) break;
    runs.push(scheduledRun(due, track.named, track.next));
    track.advance();
  }
  const { dagId } = due.dag;
  const error = tracks.find((track) => track.error !== null)?.error ?? null;
  const dag = { dagId, nextRunAfter: soonest(tracks)?.next?.runAfter ?? null, atCapacity, error };
  return { dag, memories: tracks.map((track) => track.memory), runs };
}

/** One schedule on its way from the last run to the next. */
class Track {
  readonly named: NamedSchedule;
  readonly #due: DueSchedules;
  #last: Interval | null;
  next: RunInfo | null = null;
  error: string | null = null;

  constructor(named: NamedSchedule, due: DueSchedules) {
    this.named = named;
    this.#due = due;
    const memory = due.memories.find(({ name }) => name === named.name);
    this.#last = memory?.lastInterval ?? null;
    this.#ask(askedAt(named, memory, due));
  }

  /** The next run is made. */
  advance(): void {
    this.#last = this.next?.dataInterval ?? this.#last;
    this.#ask(this.#due.now);
  }

  get memory(): ScheduleMemory {
    return {
      dagId: this.#due.dag.dagId,
      name: this.named.name,
      lastInterval: this.#last,
      nextRunAfter: this.next?.runAfter ?? null,
    };
  }

  /** A timetable that throws stops its own schedule, visibly, and no other. */
  #ask(at: Date): void {
    this.next = null;
    try {
      this.next = nextRun(this.named.schedule, this.#last, restrictionOf(this.#due.spec), at);
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
  }
}

function askedAt({ schedule }: NamedSchedule, memory: ScheduleMemory | undefined, { dag, now }: DueSchedules): Date {
  // Its run works on all that has passed, however long it waited for its turn.
  if (schedule.type === "continuous") return now;
  const wanted = memory?.nextRunAfter && memory.nextRunAfter <= now ? memory.nextRunAfter : dag.dueAt;
  return now.getTime() - wanted.getTime() <= PUNCTUAL_WITHIN_MS ? wanted : now;
}

function soonest(tracks: readonly Track[]): Track | undefined {
  return tracks
    .filter(({ next }) => next !== null)
    .reduce<Track | undefined>(
      (first, track) => (first?.next && track.next && first.next.runAfter <= track.next.runAfter ? first : track),
      undefined,
    );
}

function scheduledRun({ dag }: DueSchedules, { name, schedule, params }: NamedSchedule, next: RunInfo): NewRun {
  return {
    dagId: dag.dagId,
    runId: runIdOf("scheduled", { schedule, name, runAfter: next.runAfter, dataInterval: next.dataInterval }),
    runType: "scheduled",
    versionId: dag.versionId,
    logicalDate: next.logicalDate,
    dataIntervalStart: next.dataInterval.start,
    dataIntervalEnd: next.dataInterval.end,
    runAfter: next.runAfter,
    params,
    schedule: name,
    trigger: null,
  };
}
