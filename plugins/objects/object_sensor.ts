/** The sensors that wait for objects, over any store. */
import {
  DagsmithError,
  type FromContext,
  resolveField,
  type SensorBody,
  type StoredObject,
  type TaskContext,
} from "dagsmith";
import type { ObjectStore } from "./object_store.ts";
import type { ObjectStoreRef } from "./open_store.ts";
import { keyPattern } from "./wildcard.ts";

/** Which objects a sensor waits for: one of the three. */
type AwaitedObjects<Context extends TaskContext> =
  /** One key, or several that must all exist. */
  | { readonly key: FromContext<string | readonly string[], Context> }
  /**
   * A pattern: `*` is any text (slashes too), `?` one character, `[ab]` one of some.
   */
  | { readonly match: FromContext<string, Context> }
  /** How the keys begin. */
  | { readonly prefix: FromContext<string, Context> };

export type ObjectSensorOptions<Context extends TaskContext> = AwaitedObjects<Context> & {
  readonly store: ObjectStoreRef;
  /**
   * Smallest size in bytes of each; a writer may create an empty object first. Default 0.
   */
  readonly minBytes?: number;
  /** How many objects a pattern or a prefix must find. Default 1. */
  readonly atLeast?: number;
};

/** An object that a sensor found. */
export interface AwaitedObject {
  readonly key: string;
  /** Bytes as stored. */
  readonly size: number;
  readonly etag: string;
}

/** The output of a task is no place for a longer list. */
const MAX_FOUND = 1000;

/**
 * Waits until objects exist: keys, those that match a pattern, or those below a prefix.
 * Airflow: S3KeySensor, GCSObjectsWithPrefixExistenceSensor, WasbPrefixSensor.
 * @returns key, size and etag of each, at most the first 1,000
 * @throws FailTask when the bucket does not exist or the credentials are refused
 * @example d.sensor("landed", { interval: "5m", timeout: "12h" },
 *   objectSensor({ store: lake, match: "trips-2026-*.csv", atLeast: 12 }));
 */
export function objectSensor<Context extends TaskContext>(
  options: ObjectSensorOptions<Context>,
): SensorBody<readonly AwaitedObject[], Context> {
  refuseOtherThanOne(options);
  return async function objectSensor(context) {
    const store = await options.store.open(context);
    const { minBytes = 0, atLeast = 1 } = options;
    const isEnough = ({ size }: StoredObject): boolean => size >= minBytes;
    if ("key" in options) {
      const keys = [await resolveField(options.key, context)].flat();
      return foundKeys(store, keys, isEnough, context);
    }
    const most = Math.max(atLeast, MAX_FOUND);
    const found = await listed(store, await patternOf(options, context), { isEnough, most });
    context.log.info(`${found.length} of ${atLeast} objects are in ${store.url}`);
    if (found.length < atLeast) return { done: false };
    return { done: true, value: found.slice(0, MAX_FOUND) };
  };
}

function refuseOtherThanOne(options: object): void {
  const given = ["key", "match", "prefix"].filter((name) => name in options);
  if (given.length === 1) return;
  throw new DagsmithError("INVALID_ARGUMENT", {
    argument: "objectSensor()",
    reason: `it needs one of key, match and prefix, not ${given.length}`,
  });
}

async function foundKeys(
  store: ObjectStore,
  keys: readonly string[],
  isEnough: (object: StoredObject) => boolean,
  { log }: Pick<TaskContext, "log">,
) {
  const found: AwaitedObject[] = [];
  for (const key of keys) {
    const head = await store.head(key);
    if (head === null || !isEnough(head)) {
      log.info(`${store.urlOf(key)} is not there yet`);
      return { done: false as const };
    }
    found.push(awaited(head));
  }
  return { done: true as const, value: found };
}

async function patternOf<Context extends TaskContext>(
  options: Exclude<AwaitedObjects<Context>, { key: unknown }>,
  context: Context,
) {
  if ("match" in options) return keyPattern(await resolveField(options.match, context));
  return { prefix: await resolveField(options.prefix, context), matches: () => true };
}

async function listed(
  store: ObjectStore,
  { prefix, matches }: ReturnType<typeof keyPattern>,
  { isEnough, most }: { isEnough: (object: StoredObject) => boolean; most: number },
): Promise<readonly AwaitedObject[]> {
  const found: AwaitedObject[] = [];
  for await (const object of store.list(prefix)) {
    if (matches(object.key) && isEnough(object)) found.push(awaited(object));
    if (found.length >= most) break;
  }
  return found;
}

const awaited = ({ key, size, etag }: StoredObject): AwaitedObject => ({ key, size, etag });
