/**
 * Sensors: a question that is asked until the answer is yes. Between two pokes a sensor
 * needs no process and no slot, so thousands can wait at the same time.
 */
import type { Duration } from "../duration.ts";
import { partition } from "../list.ts";
import type { TriggerRule } from "../spec/index.ts";
import type { TaskContext } from "./context.ts";
import type {
  GivenTaskOptions,
  InputRefs,
  MappedTaskOptions,
  TaskOptions,
} from "./task_options.ts";

/**
 * How often a sensor pokes, and for how long. Airflow: poke_interval, timeout,
 * exponential_backoff, max_wait, soft_fail.
 * @example
 * const patient: SensorTiming = { interval: "5m", timeout: "12h", softFail: true };
 */
export interface SensorTiming {
  /** From one poke to the next. Default `"60s"`. */
  readonly interval?: Duration;
  /**
   * Longest time from the first poke, over all pokes and tries. A sensor that reaches it
   * pokes one last time; then it has failed and is not retried. Default `"7d"`.
   */
  readonly timeout?: Duration;
  /**
   * Each interval is this many times the interval before. Default 1: a constant interval.
   */
  readonly backoff?: number;
  /** Longest interval that backoff may reach. Default: the timeout. */
  readonly maxInterval?: Duration;
  /**
   * Ends as skipped instead of failed when the time is up or the poke throws FailTask.
   * Default false.
   */
  readonly softFail?: boolean;
}

/** The names of these options. */
const SENSOR_TIMING = [
  "interval",
  "timeout",
  "backoff",
  "maxInterval",
  "softFail",
] as const satisfies (keyof SensorTiming)[];

/**
 * Options of a sensor: the options of a task, and its timing. `executionTimeout` limits
 * one poke.
 * @example
 * d.sensor("file", { interval: "5m", timeout: "12h", retries: 2 }, () =>
 *   existsSync("/data/today.csv"),
 * );
 */
export type SensorOptions<
  Inputs extends InputRefs,
  Params = unknown,
  Item = undefined,
> = TaskOptions<Inputs, TriggerRule, boolean, Params, Item> & SensorTiming;

/** A sensor's options in two parts: the options of any task, and the timing. */
export function timingApart(given: SensorOptions<InputRefs>): {
  readonly options: GivenTaskOptions;
  readonly sensor: SensorTiming;
} {
  const [sensor, options] = partition(Object.entries(given), ([name]) =>
    (SENSOR_TIMING as readonly string[]).includes(name),
  );
  return { options: Object.fromEntries(options), sensor: Object.fromEntries(sensor) };
}

/**
 * Options of a sensor that waits once for each element of a list.
 * @example
 * d.sensor("files", { each: ["a.csv", "b.csv"], interval: "1m" }, ({ item }) =>
 *   existsSync(item),
 * );
 */
export type MappedSensorOptions<
  Inputs extends InputRefs,
  Item,
  Params = unknown,
> = MappedTaskOptions<Inputs, Item, TriggerRule, Params> & SensorTiming;

/**
 * The answer of a poke: true or false; or an object, when the tasks after the sensor need
 * a value. Airflow: PokeReturnValue.
 * @example const found: Poked<number> = { done: true, value: 12 };
 */
export type Poked<Value = null> =
  | boolean
  | { readonly done: false }
  | { readonly done: true; readonly value: Value };

/**
 * The question of a sensor. `s3KeySensor`, `sqlSensor` and `httpSensor` return one.
 * @example
 * const today: SensorBody = ({ logicalDate }) =>
 *   existsSync(`/data/${logicalDate.toISODate()}.csv`);
 */
export type SensorBody<Value = null, Context extends TaskContext = TaskContext> = (
  context: Context,
) => Poked<Value> | Promise<Poked<Value>>;
