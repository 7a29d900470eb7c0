/** Turns limits, weight and queue into their plain form. */
import type { DagOptions } from "../dag/dag_options.ts";
import { durationMs } from "../duration.ts";
import { invalidOption } from "../option_values.ts";
import {
  type DagSpec,
  DEFAULT_QUEUE,
  EVERY_TASK,
  ROUTE_NAME,
  type RoutingSpec,
  type TaskSpec,
  WEIGHT_RULES,
} from "../spec/index.ts";
import { ROUTING_OPTIONS, type RoutingOptions } from "../task/routing.ts";

const MAX_KEY_BYTES = 200;
const MAX_WEIGHT = 2_147_483_647;
const MAX_LIMIT = 1_000_000;
const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

/**
 * The plain form; empty when no option is set.
 * @throws DagsmithError INVALID_OPTION, INVALID_DURATION
 */
export function describeRouting(options: RoutingOptions, where: string): Pick<TaskSpec, "routing"> {
  if (ROUTING_OPTIONS.every((name) => options[name] === undefined)) return {};
  const {
    pool,
    queue,
    poolSlots,
    priorityWeight = 1,
    weightRule = "downstream",
    maxActiveAcrossRuns,
  } = options;
  if (!WEIGHT_RULES.includes(weightRule))
    refuse(where, "weightRule", weightRule, WEIGHT_RULES.join(", "));
  if (pool === EVERY_TASK)
    refuse(where, "pool", pool, `another pool: "${EVERY_TASK}" holds every task already`);
  if (poolSlots !== undefined && pool === undefined)
    refuse(where, "pool", undefined, "a pool, as poolSlots is set");
  const routing: RoutingSpec = {
    pool: pool === undefined ? null : routeName(pool, "pool", where),
    poolSlots: count(poolSlots ?? 1, "poolSlots", where),
    priorityWeight: weight(priorityWeight, where),
    weightRule,
    queue: queue === undefined || queue === DEFAULT_QUEUE ? null : routeName(queue, "queue", where),
    maxActiveAcrossRuns:
      maxActiveAcrossRuns === undefined
        ? null
        : count(maxActiveAcrossRuns, "maxActiveAcrossRuns", where),
    concurrency: concurrency(options, where),
    rate: options.rateLimit === undefined ? null : rate(options.rateLimit, where),
  };
  return { routing };
}

/**
 * The limits of a DAG; a limit that is not set is absent.
 * @throws DagsmithError INVALID_OPTION
 */
export function describeLimits(
  options: DagOptions,
  where: string,
): Pick<DagSpec, "maxActiveTasks" | "maxActiveTasksPerRun"> {
  const { maxActiveTasks, maxActiveTasksPerRun } = options;
  return {
    ...(maxActiveTasks !== undefined && {
      maxActiveTasks: count(maxActiveTasks, "maxActiveTasks", where),
    }),
    ...(maxActiveTasksPerRun !== undefined && {
      maxActiveTasksPerRun: count(maxActiveTasksPerRun, "maxActiveTasksPerRun", where),
    }),
  };
}

function concurrency(
  { concurrencyKey, maxActivePerKey }: RoutingOptions,
  where: string,
): RoutingSpec["concurrency"] {
  if (concurrencyKey === undefined) {
    if (maxActivePerKey === undefined) return null;
    return refuse(where, "concurrencyKey", undefined, "a key, as maxActivePerKey is set");
  }
  return {
    key: describeKey(concurrencyKey, "concurrencyKey", where),
    limit: count(maxActivePerKey ?? 1, "maxActivePerKey", where),
  };
}

function rate(
  { key, limit, per }: NonNullable<RoutingOptions["rateLimit"]>,
  where: string,
): RoutingSpec["rate"] {
  const perMs = durationMs(per);
  if (perMs < SECOND_MS || perMs > DAY_MS) refuse(where, "rateLimit.per", per, "from 1s to 24h");
  return {
    key: describeKey(key, "rateLimit.key", where),
    limit: count(limit, "rateLimit.limit", where),
    perMs,
  };
}

function describeKey(key: unknown, option: string, where: string): string | null {
  return typeof key === "function" ? null : limitKey(key, option, where);
}

/** A key of a limit, checked. @throws DagsmithError INVALID_OPTION */
export function limitKey(key: unknown, option: string, where: string): string {
  // The key is stored as JSON, so its length is that of its JSON without the quotes.
  const isKey =
    typeof key === "string" &&
    key !== "" &&
    new TextEncoder().encode(JSON.stringify(key)).length - 2 <= MAX_KEY_BYTES;
  return isKey ? key : refuse(where, option, key, `text of 1 to ${MAX_KEY_BYTES} bytes`);
}

function routeName(name: unknown, option: string, where: string): string {
  return typeof name === "string" && ROUTE_NAME.test(name)
    ? name
    : refuse(where, option, name, '1 to 100 letters, digits, "_", "-" or "."');
}

function count(value: number, option: string, where: string): number {
  const isCount = Number.isInteger(value) && value >= 1 && value <= MAX_LIMIT;
  return isCount ? value : refuse(where, option, value, `a whole number from 1 to ${MAX_LIMIT}`);
}

function weight(value: number, where: string): number {
  const isWeight = Number.isInteger(value) && Math.abs(value) <= MAX_WEIGHT;
  return isWeight
    ? value
    : refuse(where, "priorityWeight", value, `a whole number from -${MAX_WEIGHT} to ${MAX_WEIGHT}`);
}

function refuse(where: string, option: string, value: unknown, allowed: string): never {
  const found = value === undefined ? "not set" : (JSON.stringify(value) ?? typeof value);
  throw invalidOption(where, option, found, allowed);
}
