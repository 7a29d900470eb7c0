/**
 * Waiting without a process: the task's row holds what the task waits for, and the engine
 * ends the task when that happens. A wait that does not depend on the run never starts a
 * process. A wait that depends on the run is computed by one short try, which then gives
 * up its slot.
 */
import { DateTime } from "luxon";
import { type Duration, durationMs } from "../duration.ts";
import { DagsmithError } from "../errors.ts";
import { utcInstant, utcIso } from "../instant.ts";
import type { Json } from "../json.ts";
import type { WaitLimit, WaitSpec } from "../spec/index.ts";
import { type FromContext, resolveField, type TaskBody, type TaskContext } from "./context.ts";

/**
 * How long to wait.
 * @example
 * d.task("delivered", waitForEvent("delivered", { timeout: "2d", softFail: true }));
 */
export interface WaitOptions {
  /** Longest wait; then the task has failed and is not retried. Default `"7d"`. */
  readonly timeout?: Duration;
  /** Ends as skipped instead of failed when the time is up. Default false. */
  readonly softFail?: boolean;
}

/** Marks a body that computes what to wait for. Shared by all copies of the package. */
const WAIT: unique symbol = Symbol.for("dagsmith.wait") as never;

/** The wait in the DAG's timezone, when it does not depend on the run; else null. */
type FixedWait = ((zone: string) => WaitSpec) | null;

/** The wait of a body that does not depend on the run; undefined for other bodies. */
export function fixedWaitOf(body: object | undefined, zone: string): WaitSpec | undefined {
  return (body as { readonly [WAIT]?: FixedWait } | undefined)?.[WAIT]?.(zone) ?? undefined;
}

/** Whether a body returns a {@link WaitSpec} instead of an output. */
export function isWaiting(body: object): boolean {
  return WAIT in body;
}

/**
 * Waits until an instant, without a process. An instant that has passed ends the task at
 * once. Airflow: DateTimeSensorAsync.
 * @param time ISO 8601, in the DAG's timezone when it names no offset; or a function of
 *   the task context
 * @throws DagsmithError INVALID_DATE
 * @example
 * d.task(
 *   "after_closing",
 *   waitUntil(({ dataInterval }) => dataInterval.end.set({ hour: 18 })),
 * );
 */
export function waitUntil<Context extends TaskContext>(
  time: FromContext<string | DateTime, Context>,
): TaskBody<null, Context> {
  const at = (value: string | DateTime, zone: string): WaitSpec => ({
    type: "time",
    at: instant(value, zone, "waitUntil"),
  });
  async function waitUntil(context: Context) {
    return at(await resolveField(time, context), zoneOf(context));
  }
  return waiting(waitUntil, typeof time === "function" ? null : (zone) => at(time, zone));
}

/**
 * Waits for a length of time without a process, from the moment at which the trigger rule
 * of the task is met. Airflow: TimeDeltaSensorAsync.
 * @throws DagsmithError INVALID_DURATION
 * @example chain(load, d.task("settle", waitFor("15m")), check);
 */
export function waitFor<Context extends TaskContext>(
  length: FromContext<Duration, Context>,
): TaskBody<null, Context> {
  const spec = (value: Duration): WaitSpec => ({ type: "duration", ms: durationMs(value) });
  async function waitFor(context: Context) {
    return spec(await resolveField(length, context));
  }
  if (typeof length === "function") return waiting(waitFor, null);
  const fixed = spec(length);
  return waiting(waitFor, () => fixed);
}

/**
 * Which run of another DAG to wait for.
 * @example
 * d.task(
 *   "orders_loaded",
 *   externalRun({ dag: "load_orders", task: "publish", timeout: "6h" }),
 * );
 */
export interface ExternalRunOptions<Context extends TaskContext> extends WaitOptions {
  /** The id of the other DAG. */
  readonly dag: string;
  /**
   * Waits for this task of the run instead of the whole run; for a mapped task, for all
   * its instances.
   */
  readonly task?: string;
  /**
   * The logical date of the run: ISO 8601, in the DAG's timezone when it names no offset.
   * Default: the logical date of the waiting run.
   */
  readonly at?: FromContext<string | DateTime, Context>;
}

/**
 * Waits without a process until a run of another DAG, or one task of that run, has
 * succeeded. The run need not exist yet. When the run or the task fails, this task fails
 * at once; when the other task is skipped, this task is skipped. Airflow:
 * ExternalTaskSensor.
 * @returns the id of the run
 * @throws DagsmithError INVALID_DATE, INVALID_DURATION
 * @example
 * d.task(
 *   "orders_loaded",
 *   externalRun({
 *     dag: "load_orders",
 *     at: ({ logicalDate }) => logicalDate.minus({ hours: 1 }),
 *   }),
 * );
 */
export function externalRun<Context extends TaskContext>(
  options: ExternalRunOptions<Context>,
): TaskBody<{ readonly runId: string }, Context> {
  const { dag: dagId, task: taskId = null, at } = options;
  const limit = limitOf(options);
  const spec = (date: string | DateTime | undefined, zone: string): WaitSpec => {
    const logicalDate = date === undefined ? null : instant(date, zone, "externalRun");
    return { type: "run", dagId, taskId, logicalDate, ...limit };
  };
  async function externalRun(context: Context) {
    return spec(at === undefined ? undefined : await resolveField(at, context), zoneOf(context));
  }
  return waiting(externalRun, typeof at === "function" ? null : (zone) => spec(at, zone));
}

/**
 * Waits without a process until a program sends an event to the run, by `dag event send`
 * or the API. To ask people, use `ask` of the builder. An event that came before the task
 * began to wait counts too.
 * @typeParam Value the type of the value that is sent with the event; it is not checked
 * @returns the value; null when the event has none
 * @throws DagsmithError INVALID_DURATION
 * @example
 * const delivered = d.task(
 *   "delivered",
 *   waitForEvent<{ file: string }>("delivered", { timeout: "2d" }),
 * );
 */
export function waitForEvent<Value extends Json = Json>(
  name: string,
  options: WaitOptions = {},
): TaskBody<Value> {
  const spec: WaitSpec = { type: "event", name, ...limitOf(options) };
  async function waitForEvent() {
    return spec;
  }
  return waiting(waitForEvent, () => spec);
}

/**
 * A body that returns what to wait for. Its type gives the output that the task has after
 * the wait.
 */
export function waiting<Output, Context extends TaskContext>(
  body: (context: Context) => Promise<WaitSpec>,
  fixed: FixedWait,
): TaskBody<Output, Context> {
  return Object.assign(body, { [WAIT]: fixed }) as unknown as TaskBody<Output, Context>;
}

function limitOf({ timeout = "7d", softFail = false }: WaitOptions): WaitLimit {
  return { timeoutMs: durationMs(timeout), softFail };
}

function zoneOf({ logicalDate }: TaskContext): string {
  return logicalDate.zoneName;
}

function instant(time: string | DateTime, zone: string, where: string): string {
  if (typeof time === "string") return utcInstant(time, zone, where);
  const utc = DateTime.isDateTime(time) ? utcIso(time) : null;
  if (utc !== null) return utc;
  throw new DagsmithError("INVALID_DATE", { found: JSON.stringify(time) ?? "undefined", where });
}
