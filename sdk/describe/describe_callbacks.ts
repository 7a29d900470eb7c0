/** Turns callbacks and deadlines into their plain form: names of events, and times. */
import { type Duration, durationMs } from "../duration.ts";
import { utcInstant } from "../instant.ts";
import { invalidOption } from "../option_values.ts";
import type { DeadlineSpec, TaskEvent } from "../spec/index.ts";
import { averageRuntime, type Deadline, type DeadlineReference } from "../task/callback.ts";

/**
 * The events among `events` that have a callback.
 * @throws DagsmithError INVALID_OPTION
 */
export function describeCallbacks<Event extends TaskEvent>(
  options: Readonly<Partial<Record<Event, unknown>>>,
  events: readonly Event[],
  where: string,
): readonly Event[] {
  return events.filter((event) => {
    const callback = options[event];
    if (callback === undefined) return false;
    const functions: readonly unknown[] = Array.isArray(callback) ? callback : [callback];
    const wrong = functions.find((one) => typeof one !== "function");
    if (functions.some((one) => typeof one !== "function"))
      throw invalidOption(where, event, kindOf(wrong), "a function, or a list of functions");
    return functions.length > 0;
  });
}

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

/** @throws DagsmithError INVALID_OPTION, INVALID_DURATION, INVALID_DATE */
export function describeDeadlines(
  deadlines: readonly Deadline[],
  timezone: string,
  where: string,
): readonly DeadlineSpec[] {
  return deadlines.map(({ reference, interval, callback }) => {
    const owner = `a deadline of ${where}`;
    describeCallbacks({ onFailure: callback }, ["onFailure"], owner);
    if (callback === undefined) throw invalidOption(owner, "callback", "missing", "a function");
    const intervalMs = signedMs(String(interval));
    return { intervalMs, ...describeReference(reference, timezone, owner) };
  });
}

function signedMs(interval: string): number {
  return interval.startsWith("-")
    ? -durationMs(interval.slice(1) as Duration)
    : durationMs(interval as Duration);
}

type ReferenceSpec<Spec = DeadlineSpec> = Spec extends unknown ? Omit<Spec, "intervalMs"> : never;

function describeReference(
  reference: DeadlineReference,
  zone: string,
  where: string,
): ReferenceSpec {
  if (typeof reference === "object") return averageRuntime(reference.runs);
  if (reference === "queuedAt") return { type: "queuedAt" };
  if (reference === "logicalDate") return { type: "logicalDate" };
  return { type: "fixed", at: utcInstant(reference, zone, where) };
}
