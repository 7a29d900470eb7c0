/**
 * What an instance waits for, as its row in task_wait has it, and how long a sensor
 * pokes. Pure: elapsed time is a parameter.
 */
import type { AskSpec, CallSpec, SensorSpec, WaitSpec } from "../../sdk/spec/index.ts";

/**
 * What ends a wait. `poke`: a time, and the sensor runs again. `time`: a time, and the
 * instance has succeeded. `run`, `event`: the end of a run of another DAG, or an event;
 * their time is the time-out of the wait. `call`: the end of a run that the task called,
 * with the same time. `ask`: an answer; its time is the time-out. `group_retry`: a time, and the group runs
 * again. `group_timeout`: the time-out of a group that runs.
 */
const WAIT_KINDS = [
  "poke",
  "time",
  "run",
  "event",
  "call",
  "ask",
  "group_retry",
  "group_timeout",
] as const;
export type WaitKind = (typeof WAIT_KINDS)[number];

export interface Wait {
  readonly kind: WaitKind;
  /**
   * The time: an instant (ISO 8601), or milliseconds from now. One of the two is null.
   */
  readonly at: string | null;
  readonly inMs: number | null;
  /** Whether the task is skipped at that time instead of failed. */
  readonly softFail: boolean;
  readonly event: string | null;
  readonly dagId: string | null;
  readonly taskId: string | null;
  /** Null with a DAG: the logical date of the waiting run. */
  readonly logicalDate: string | null;
  /** The run that the task calls; null for any other wait. */
  readonly call: CallSpec | null;
  /** The question that the task asks; null for any other wait. */
  readonly ask: AskSpec | null;
  /** How a sensor gets back to a worker; null for a wait that needs no worker. */
  readonly way: WayBack | null;
}

/**
 * The route of a sensor, kept with its wait: thousands can be woken without reading their
 * plans.
 */
export interface WayBack {
  /** Null: the queue `default`. */
  readonly queue: string | null;
  readonly weight: number;
  /** The slots that the sensor must request again; null without limits. */
  readonly reservations: string | null;
}

const BLANK = {
  at: null,
  inMs: null,
  softFail: false,
  event: null,
  dagId: null,
  taskId: null,
  logicalDate: null,
  call: null,
  ask: null,
  way: null,
};

/** A sensor's next poke, or the end of a step that sleeps. */
export function nextPoke({ at, inMs }: Pick<Wait, "at" | "inMs">, way: WayBack): Wait {
  return { ...BLANK, kind: "poke", at, inMs, way };
}

/** The next try of a group. */
export function groupRetry(inMs: number): Wait {
  return { ...BLANK, kind: "group_retry", inMs };
}

/** The time-out of a group. */
export function groupTimeout(inMs: number): Wait {
  return { ...BLANK, kind: "group_timeout", inMs };
}

export function waitOf(spec: WaitSpec): Wait {
  if (spec.type === "time") return { ...BLANK, kind: "time", at: spec.at };
  if (spec.type === "duration") return { ...BLANK, kind: "time", inMs: spec.ms };
  if (spec.type === "call")
    return { ...BLANK, kind: "call", inMs: spec.timeoutMs ?? Number.POSITIVE_INFINITY, call: spec };
  if (spec.type === "ask")
    return { ...BLANK, kind: "ask", inMs: spec.timeoutMs ?? Number.POSITIVE_INFINITY, ask: spec };
  const limit = { inMs: spec.timeoutMs, softFail: spec.softFail };
  if (spec.type === "event") return { ...BLANK, ...limit, kind: "event", event: spec.name };
  const { dagId, taskId, logicalDate } = spec;
  return { ...BLANK, ...limit, kind: "run", dagId, taskId, logicalDate };
}

/** The end of a wait, in words. */
export function waitText({
  kind,
  event,
  dagId,
  taskId,
}: Pick<Wait, "kind" | "event" | "dagId" | "taskId">): string {
  if (kind === "event") return `event "${event}"`;
  if (kind === "call") return "the run that it called";
  if (kind === "ask") return "an answer to its question";
  if (kind === "run")
    return `${taskId === null ? "the run" : `task "${taskId}" of the run`} of DAG "${dagId}"`;
  return kind === "poke" ? "its next poke" : "its time";
}

/** A wait, read from its row. */
export interface RunningWait extends Pick<Wait, "kind" | "event" | "dagId" | "taskId"> {
  readonly dueAt: Date;
  /** The step that sleeps; null for any other wait. */
  readonly step: string | null;
}

/** What an instance waits for, as a sentence without its end. */
export function waitSentence(wait: RunningWait): string {
  const at = `${wait.dueAt.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  if (wait.step !== null) return `sleeps in step "${wait.step}" until ${at}`;
  if (wait.kind === "poke") return `runs again at ${at}`;
  if (wait.kind === "time") return `waits until ${at}`;
  if (wait.kind === "group_retry") return `all its tasks run again at ${at}`;
  if (wait.kind === "group_timeout") return `its time is up at ${at}`;
  if (wait.kind === "call" || isEndless(wait)) return `waits for ${waitText(wait)}`;
  return `waits for ${waitText(wait)}, until ${at} at the latest`;
}

/** A wait without a limit has a time far away. */
function isEndless({ dueAt }: RunningWait): boolean {
  return dueAt.getUTCFullYear() > MAX_YEAR;
}

const MAX_YEAR = 2200;

export type PokeDecision =
  | { readonly again: true; readonly inMs: number }
  | { readonly again: false; readonly reason: string };

/**
 * Whether a sensor pokes again after a poke returned false, and when. The last poke is at
 * the time-out itself, so a condition that becomes true in time is always seen.
 * @param asked `pokes` before this one in this try; `elapsedMs` since the first poke of
 *   all
 */
export function decidePoke(
  { intervalMs, timeoutMs, backoff, maxIntervalMs }: SensorSpec,
  asked: { readonly pokes: number; readonly elapsedMs: number },
): PokeDecision {
  const leftMs = timeoutMs - asked.elapsedMs;
  if (leftMs <= 0)
    return {
      again: false,
      reason: `the sensor waited longer than its timeout of ${timeoutMs / 1_000} s`,
    };
  const grown = intervalMs * backoff ** asked.pokes;
  return {
    again: true,
    inMs: Math.min(Number.isFinite(grown) ? grown : maxIntervalMs, maxIntervalMs, leftMs),
  };
}
