/**
 * A host whose clock the test sets: it decides about one DAG as a tick does, keeps what a
 * tick would store, and ends runs on request. No database; the decisions are the real
 * ones.
 */
import { decide, type SchedulingResult } from "../../runtime/scheduler/decisions/decide.ts";
import type { DueSchedules } from "../../runtime/scheduler/decisions/due_schedules.ts";
import type { DueDag } from "../../runtime/store/dags/dag.ts";
import type { ScheduleMemory } from "../../runtime/store/dags/dag_schedule.ts";
import type { NewDecision } from "../../runtime/store/dags/schedule_decision.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";

export class VirtualHost {
  spec: DagSpec;
  memories: readonly ScheduleMemory[] = [];
  active = 0;
  /** Run ids in the order in which they were made. */
  readonly made: string[] = [];
  /**
   * Everything that was decided: `run <logical date>`, `<reason> <first>..<last>
   * x<count>`.
   */
  readonly decisions: string[] = [];
  /** The same as rows: by the interval they begin with, the newest decision. */
  readonly rows = new Map<number, NewDecision>();
  error: string | null = null;
  readonly #more: Partial<DueSchedules>;
  #standing: Pick<DueDag, "pausedAt" | "unpausedAt" | "fullSince"> = {
    pausedAt: null,
    unpausedAt: null,
    fullSince: null,
  };
  #dueAt: Date | null = null;
  #isPaused = false;
  #isFull = false;

  constructor(spec: DagSpec, more: Partial<DueSchedules> = {}) {
    this.spec = spec;
    this.#more = more;
  }

  /**
   * Looks at the DAG if it is due, as often as there is more to do. @returns the logical
   * dates of the runs made, short
   */
  at(time: string): readonly string[] {
    const now = new Date(time);
    const before = this.decisions.length;
    this.#dueAt ??= now;
    for (let looks = 0; looks < 100; looks++) {
      if (this.#isPaused || this.#isFull || this.#dueAt === null || this.#dueAt > now) break;
      const result = this.look(now);
      if (result.runs.length === 0) break;
    }
    return this.decisions
      .slice(before)
      .filter((decision) => decision.startsWith("run "))
      .map((decision) => decision.slice(4));
  }

  look(now: Date): SchedulingResult {
    const standing = {
      dagId: this.spec.dagId,
      versionId: 1,
      dueAt: this.#dueAt ?? now,
      ...this.#standing,
    };
    // As a database would give them back.
    const memories = this.memories.map(({ coming: _, ...memory }) => memory);
    const result = decide({
      dag: standing,
      spec: this.spec,
      memories,
      active: this.active,
      now,
      ...this.#more,
    });
    this.memories = result.memories;
    this.active += result.runs.length;
    this.made.push(...result.runs.map(({ runId }) => runId));
    this.decisions.push(...result.decisions.map(text));
    for (const decision of result.decisions)
      this.rows.set(decision.first.logicalDate.getTime(), decision);
    this.#dueAt = result.dag.nextRunAfter;
    this.#isFull = result.dag.atCapacity;
    this.#standing = {
      ...this.#standing,
      fullSince: this.#isFull ? (this.#standing.fullSince ?? now) : null,
    };
    this.error = result.dag.error;
    return result;
  }

  /** When it wants to be looked at; null: never. */
  get dueAt(): Date | null {
    return this.#dueAt;
  }

  /** So many runs end. */
  end(count = this.active): void {
    this.active -= count;
    this.#isFull = false;
  }

  pause(time: string): void {
    this.#isPaused = true;
    this.#standing = { ...this.#standing, pausedAt: new Date(time) };
  }

  unpause(time: string): void {
    this.#isPaused = false;
    this.#dueAt = new Date(time);
    this.#standing = { ...this.#standing, unpausedAt: new Date(time) };
  }

  /** Deploys another version. */
  deploy(spec: DagSpec, time: string): void {
    this.spec = spec;
    this.#isFull = false;
    this.#dueAt = new Date(time);
  }
}

function text({
  decision,
  reason,
  count,
  first,
  last,
}: SchedulingResult["decisions"][number]): string {
  const short = (date: Date): string =>
    date.toISOString().replace(/T00:00:00.000Z$|:00.000Z$|Z$/, "");
  if (decision === "run") return `run ${short(first.logicalDate)}`;
  return `${reason} ${short(first.logicalDate)}..${short(last.logicalDate)} x${count ?? "many"}`;
}
