/**
 * What a waiting instance waits for, as its row says it, and how long a sensor goes on asking. Pure: elapsed time is told, never read.
 */
import type { SensorSpec, WaitSpec } from "../../sdk/spec/index.ts";

/**
 * What wakes a waiting instance. `poke`: its time, and it runs again. `time`: its time, and it has succeeded. `run`, `event`: a run of
 * another DAG that ends, an event that is sent; their time is when the wait has failed. `group_retry`: its time, and all of a group runs again.
 * `group_timeout`: no wait, but when the time of a group that runs is up.
 */
const WAIT_KINDS = ["poke", "time", "run", "event", "group_retry", "group_timeout"] as const;
export type WaitKind = (typeof WAIT_KINDS)[number];

export interface Wait {
  readonly kind: WaitKind;
  /** When it is looked at: an instant (ISO 8601), or so many milliseconds from now. One of them is null. */
  readonly at: string | null;
  readonly inMs: number | null;
  /** Whether reaching that time skips the task instead of failing it. */
  readonly softFail: boolean;
  readonly event: string | null;
  readonly dagId: string | null;
  readonly taskId: string | null;
  /** Null with a DAG: the logical date of the waiting run. */
  readonly logicalDate: string | null;
  /** How a sensor gets back to a worker; null for what needs none. */
  readonly way: WayBack | null;
}

/** What the queue needs to know of an instance, kept with its wait so that thousands can be woken without their plans. */
export interface WayBack {
  /** Null: the queue `default`. */
  readonly queue: string | null;
  readonly weight: number;
  /** The places that it has to wait for again; null when it has no limits. */
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
  way: null,
};

/** A sensor's next poke. */
export function nextPoke(inMs: number, way: WayBack): Wait {
  return { ...BLANK, kind: "poke", inMs, way };
}

/** The next try of a group. */
export function groupRetry(inMs: number): Wait {
  return { ...BLANK, kind: "group_retry", inMs };
}

/** The end of the time that a group has. */
export function groupTimeout(inMs: number): Wait {
  return { ...BLANK, kind: "group_timeout", inMs };
}

export function waitOf(spec: WaitSpec): Wait {
  if (spec.type === "time") return { ...BLANK, kind: "time", at: spec.at };
  if (spec.type === "duration") return { ...BLANK, kind: "time", inMs: spec.ms };
  const limit = { inMs: spec.timeoutMs, softFail: spec.softFail };
  if (spec.type === "event") return { ...BLANK, ...limit, kind: "event", event: spec.name };
  const { dagId, taskId, logicalDate } = spec;
  return { ...BLANK, ...limit, kind: "run", dagId, taskId, logicalDate };
}

/** What was waited for, in words. */
export function waitText({
  kind,
  event,
  dagId,
  taskId,
}: Pick<Wait, "kind" | "event" | "dagId" | "taskId">): string {
  if (kind === "event") return `event "${event}"`;
  if (kind === "run")
    return `${taskId === null ? "the run" : `task "${taskId}" of the run`} of DAG "${dagId}"`;
  return kind === "poke" ? "its next poke" : "its time";
}

/** A wait as its row has it. */
export interface RunningWait extends Pick<Wait, "kind" | "event" | "dagId" | "taskId"> {
  readonly dueAt: Date;
}

/** What an instance waits for, as a sentence without its end. */
export function waitSentence(wait: RunningWait): string {
  const at = `${wait.dueAt.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  if (wait.kind === "poke") return `the sensor pokes again at ${at}`;
  if (wait.kind === "time") return `waits until ${at}`;
  if (wait.kind === "group_retry") return `all of it runs again at ${at}`;
  if (wait.kind === "group_timeout") return `its time is up at ${at}`;
  return `waits for ${waitText(wait)}, until ${at} at the latest`;
}

export type PokeDecision =
  | { readonly again: true; readonly inMs: number }
  | { readonly again: false; readonly reason: string };

/**
 * Whether a sensor whose poke said no asks again, and when. The interval never reaches beyond the time-out, so that the last poke falls
 * on it: what came true in time is always seen.
 * @param asked `pokes` before this one in this try; `elapsedMs` since the first poke of all
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
