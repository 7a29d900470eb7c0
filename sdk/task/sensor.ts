/**
 * Sensors as people write them: a question that is asked again and again until the answer is yes. Between two pokes nothing of a sensor
 * runs anywhere, so thousands may wait at once.
 */

import type { Duration } from "../duration.ts";
import { partition } from "../list.ts";
import type { TriggerRule } from "../spec/index.ts";
import type { TaskContext } from "./context.ts";
import type { InputRefs, MappedTaskOptions, TaskDefinition, TaskOptions } from "./task.ts";

/** How often a sensor asks, and for how long. */
export interface SensorTiming {
  /** From one poke to the next. Default `"60s"`. */
  readonly interval?: Duration;
  /**
   * Longest time from the first poke, over all pokes and retries. A sensor that reaches it has failed and is not tried again; it pokes one
   * last time when the time is up. Default `"7d"`.
   */
  readonly timeout?: Duration;
  /** Each interval is this many times the one before. Default 1: always the same. */
  readonly backoff?: number;
  /** Longest interval that backoff may reach. Default: the time-out. */
  readonly maxInterval?: Duration;
  /** Ends as skipped, not failed, when the time is up or the poke throws FailTask. Default false. */
  readonly softFail?: boolean;
}

const SENSOR_TIMING = [
  "interval",
  "timeout",
  "backoff",
  "maxInterval",
  "softFail",
] as const satisfies (keyof SensorTiming)[];

/** Options of a sensor: those of a task, and its timing. `executionTimeout` bounds one poke. */
export type SensorOptions<
  Inputs extends InputRefs,
  Params = unknown,
  Item = undefined,
> = TaskOptions<Inputs, TriggerRule, boolean, Params, Item> & SensorTiming;

/** A sensor's options in two parts: those of any task, and its timing. */
export function timingApart(given: SensorOptions<InputRefs>): {
  readonly options: TaskDefinition["options"];
  readonly sensor: SensorTiming;
} {
  const isTiming = ([name]: [string, unknown]): boolean =>
    (SENSOR_TIMING as readonly string[]).includes(name);
  const [sensor, options] = partition(Object.entries(given), isTiming);
  return { options: Object.fromEntries(options), sensor: Object.fromEntries(sensor) };
}

/** Options of a sensor that waits once for each element of a list. */
export type MappedSensorOptions<
  Inputs extends InputRefs,
  Item,
  Params = unknown,
> = MappedTaskOptions<Inputs, Item, TriggerRule, Params> & SensorTiming;

/** What a poke found: whether it is there; with a value when the tasks after it need one. */
export type Poked<Value = null> =
  | boolean
  | { readonly done: false }
  | { readonly done: true; readonly value: Value };

/** The question of a sensor. Ready-made ones (`s3KeySensor`, `sqlSensor`, `httpSensor`) are functions that return one. */
export type SensorBody<Value = null, Context extends TaskContext = TaskContext> = (
  context: Context,
) => Poked<Value> | Promise<Poked<Value>>;
