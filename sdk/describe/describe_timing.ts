/**
 * Turns the time limits, retries, sensor timing and waits of a task into their plain
 * form. Few tasks set these options, so the spec of other tasks leaves them out.
 */
import { durationMs } from "../duration.ts";
import { backoffFactor, invalidOption, moreThanZero } from "../option_values.ts";
import { type SensorSpec, TASK_EVENTS, type TaskSpec, type WaitSpec } from "../spec/index.ts";
import type { SensorTiming } from "../task/sensor.ts";
import type { TaskDefinition } from "../task/task_definition.ts";
import type { TaskDefaults } from "../task/task_options.ts";
import { fixedWaitOf } from "../task/wait.ts";
import { describeCallbacks } from "./describe_callbacks.ts";

type Timing = Pick<
  TaskSpec,
  | "retryLinear"
  | "retryJitterMs"
  | "retryTotalMs"
  | "totalTimeoutMs"
  | "queueTimeoutMs"
  | "sensor"
  | "wait"
  | "callbacks"
>;

const MINUTE = 60_000;

/** The task that is described. */
interface Owner {
  /** Its name in messages. */
  readonly where: string;
  readonly dagId: string;
  readonly timezone: string;
}

/** @throws DagsmithError INVALID_OPTION, INVALID_DURATION, INVALID_DATE */
export function describeTiming(
  { sensor, body }: TaskDefinition,
  options: TaskDefaults,
  owner: Owner,
): Timing {
  const { retryBackoff, retryJitter, retryTotal, totalTimeout, queueTimeout, retryIf } = options;
  const { where } = owner;
  if (retryIf !== undefined && typeof retryIf !== "function") {
    throw invalidOption(where, "retryIf", JSON.stringify(retryIf), "a function of the error");
  }
  const wait = fixedWaitOf(body, owner.timezone);
  const callbacks = describeCallbacks(options, TASK_EVENTS, where);
  return {
    ...(retryBackoff === "linear" && { retryLinear: true }),
    ...(retryJitter !== undefined && { retryJitterMs: durationMs(retryJitter) }),
    ...(retryTotal !== undefined && {
      retryTotalMs: moreThanZero(retryTotal, "retryTotal", where),
    }),
    ...(totalTimeout !== undefined && {
      totalTimeoutMs: moreThanZero(totalTimeout, "totalTimeout", where),
    }),
    ...(queueTimeout !== undefined && {
      queueTimeoutMs: moreThanZero(queueTimeout, "queueTimeout", where),
    }),
    ...(sensor && { sensor: describeSensor(sensor, where) }),
    ...(callbacks.length > 0 && { callbacks }),
    ...(wait && { wait: checkedWait(wait, owner) }),
  };
}

function describeSensor(timing: SensorTiming, where: string): SensorSpec {
  const timeoutMs = moreThanZero(timing.timeout ?? "7d", "timeout", where);
  const intervalMs =
    timing.interval === undefined
      ? Math.min(MINUTE, timeoutMs)
      : moreThanZero(timing.interval, "interval", where);
  if (timeoutMs < intervalMs) {
    throw invalidOption(
      where,
      "timeout",
      `${timeoutMs} ms`,
      `at least the interval of ${intervalMs} ms`,
    );
  }
  const { backoff = 1, softFail = false } = timing;
  backoffFactor(backoff, "backoff", where);
  const maxIntervalMs =
    timing.maxInterval === undefined ? timeoutMs : durationMs(timing.maxInterval);
  if (maxIntervalMs < intervalMs)
    throw invalidOption(
      where,
      "maxInterval",
      `${maxIntervalMs} ms`,
      `at least the interval of ${intervalMs} ms`,
    );
  return { intervalMs, timeoutMs, backoff, maxIntervalMs, softFail };
}

function checkedWait(wait: WaitSpec, { where, dagId }: Owner): WaitSpec {
  if (wait.type === "run" && wait.dagId === dagId && wait.logicalDate === null) {
    throw invalidOption(
      where,
      "dag",
      `"${dagId}" itself`,
      "another DAG, or another logical date (`at`): a run that waits for itself never ends",
    );
  }
  if (wait.type === "event" && !/^[\w.-]{1,200}$/.test(wait.name)) {
    throw invalidOption(
      where,
      "the name of the event",
      JSON.stringify(wait.name),
      '1 to 200 letters, digits, "_", "-" or "."',
    );
  }
  if ("timeoutMs" in wait && wait.timeoutMs === 0)
    throw invalidOption(where, "timeout", "0", "more than zero");
  return wait;
}
