/** Turns a built DAG into its plain form. Everything that can be wrong with the DAG as a whole is found here. */
import type { StandardJSONSchemaV1 } from "@standard-schema/spec";
import { DateTime, IANAZone } from "luxon";
import { type Asset, type AssetAlias, checkedAssets, conditionOf, membersOf, splitSchedule } from "./asset.ts";
import { describeCallbacks, describeDeadlines, RUN_EVENTS } from "./callback.ts";
import type { Dag, DagOptions } from "./dag.ts";
import { describeEach } from "./describe_each.ts";
import { type Duration, durationMs } from "./duration.ts";
import { DagsmithError } from "./errors.ts";
import { describeEvents } from "./event.ts";
import { inheritedDefaults, type TaskGroup } from "./group.ts";
import type { Json } from "./json.ts";
import { LazyRef } from "./lazy.ts";
import { describePatience } from "./patience.ts";
import { PickRef } from "./pick.ts";
import { describeLimit, describeRouting } from "./routing.ts";
import { describeRules } from "./rules.ts";
import { describeRunRules, refuseForeignRules } from "./run_rules.ts";
import { describeSchedules } from "./schedule.ts";
import { type Catchup, type CatchupOrder, type DagSpec, type GroupSpec, type TaskSpec, TRIGGER_RULES } from "./spec.ts";
import { type InputRefs, TASK_DEFAULTS, type TaskDefaults, type TaskDefinition, TaskRef } from "./task.ts";

const DEFAULT_RETRY_DELAY: Duration = "5m";

/**
 * The plain form of a DAG, frozen through and through.
 * @throws DagsmithError EMPTY_DAG, CYCLE (naming the path), INVALID_OPTION, INVALID_TIMEZONE, INVALID_DATE, INVALID_SCHEDULE, INVALID_DURATION,
 *   OUTPUT_NOT_JSON for literal items that JSON cannot carry
 */
export function describeDag(dag: Dag<unknown>): DagSpec {
  const { options, dagId } = dag;
  if (dag.tasks.length === 0) throw new DagsmithError("EMPTY_DAG", { dag: dagId });
  const timezone = timezoneOf(dag);
  if (!IANAZone.isValidZone(timezone)) throw new DagsmithError("INVALID_TIMEZONE", { found: timezone });
  const where = `DAG "${dagId}"`;
  const tasks = topological(dag).map((ref) => describeTask(dag, ref));
  if (options.failFast) refuseForeignRules(dagId, tasks);
  const when = describeSchedule(dag, timezone, tasks);
  return deepFreeze({
    dagId,
    description: options.description ?? null,
    tags: [...(options.tags ?? [])],
    timezone,
    ...when,
    ...catchupOrder(options.catchupOrder, where),
    ...describeAssets(dag),
    on: describeEvents(options.on, dagId),
    maxActiveRuns: maxActiveRuns(options, when, where),
    ...definedOnly({
      maxActiveTasks: describeLimit(options.maxActiveTasks, "maxActiveTasks", where),
      maxActiveTasksPerRun: describeLimit(options.maxActiveTasksPerRun, "maxActiveTasksPerRun", where),
    }),
    pausedAtCreation: options.pausedAtCreation ?? false,
    ...describeAfterwards(options, timezone, where),
    ...describeRunRules(options, where),
    paramsSchema: jsonSchema(options.params, where),
    ...(dag.groups.length > 0 ? { groups: dag.groups.map(describeGroup) } : {}),
    tasks,
  });
}

function describeGroup({ groupId, parent, options }: TaskGroup): GroupSpec {
  return { groupId, parent: parent?.groupId ?? null, doc: options.doc ?? null };
}

function describeAfterwards(options: DagOptions, timezone: string, where: string): Pick<DagSpec, "callbacks" | "deadlines"> {
  const callbacks = describeCallbacks(options, RUN_EVENTS, where);
  const deadlines = describeDeadlines(options.deadlines ?? [], timezone, where);
  return { ...(callbacks.length > 0 && { callbacks }), ...(deadlines.length > 0 && { deadlines }) };
}

function timezoneOf(dag: Dag<unknown>): string {
  return dag.options.timezone ?? "UTC";
}

type When = Pick<DagSpec, "schedules" | "startDate" | "endDate" | "catchup">;

function describeSchedule({ options, dagId }: Dag<unknown>, timezone: string, tasks: readonly TaskSpec[]): When {
  const where = `DAG "${dagId}"`;
  const schedules = describeSchedules(splitSchedule(options.schedule).time, timezone, dagId);
  const { startDate, endDate } = describeDates(options, timezone, where);
  const missed = catchup(options.catchup, where);
  const started = startDate !== null || tasks.some((task) => task.startDate !== null);
  if (missed === "all" && !started && schedules.some(({ schedule }) => !["once", "continuous", "events"].includes(schedule.type))) {
    throw new DagsmithError("INVALID_OPTION", { where, option: "startDate", found: "not set", allowed: 'a date, as catchup is "all"' });
  }
  return { schedules, startDate, endDate, catchup: missed };
}

type Dates = { readonly [Name in "startDate" | "endDate"]?: string | undefined };

function describeDates(options: Dates, timezone: string, where: string): Pick<DagSpec, "startDate" | "endDate"> {
  const startDate = utcDate(options.startDate, timezone, `startDate of ${where}`);
  const endDate = utcDate(options.endDate, timezone, `endDate of ${where}`);
  if (startDate === null || endDate === null || startDate <= endDate) return { startDate, endDate };
  throw new DagsmithError("INVALID_OPTION", {
    where,
    option: "endDate",
    found: endDate,
    allowed: `a date not before the startDate ${startDate}`,
  });
}

/** A continuous schedule always has a run to begin; a second at once would work on the same data. */
function maxActiveRuns({ maxActiveRuns }: DagOptions, { schedules }: When, where: string): number {
  const continuous = schedules.some(({ schedule }) => schedule.type === "continuous");
  const most = wholeNumber(maxActiveRuns ?? (continuous ? 1 : 16), 1, "maxActiveRuns", where);
  if (!continuous || most === 1) return most;
  throw new DagsmithError("INVALID_OPTION", { where, option: "maxActiveRuns", found: String(most), allowed: "1, as it runs @continuous" });
}

/** What it waits for, and what it says of each asset that it names anywhere. */
function describeAssets(dag: Dag<unknown>): Pick<DagSpec, "assets" | "assetDetails"> {
  const { assets } = splitSchedule(dag.options.schedule);
  const named = [
    ...(assets ? membersOf(assets) : []),
    ...dag.tasks.flatMap(({ definition: { options } }) => [...(options.outlets ?? []), ...(options.inlets ?? [])]),
  ];
  const details = named.flatMap((one) =>
    one.type === "asset" && (one.name !== null || Object.keys(one.extra ?? {}).length > 0)
      ? [[one.uri, { name: one.name, extra: one.extra }] as const]
      : [],
  );
  return { assets: assets && conditionOf(assets), assetDetails: Object.fromEntries(details) };
}

function outletSpec(outlet: Asset | AssetAlias): TaskSpec["outlets"][number] {
  return outlet.type === "asset" ? { asset: outlet.uri } : { alias: outlet.alias };
}

function describeTask(dag: Dag<unknown>, ref: TaskRef<unknown>): TaskSpec {
  const {
    each,
    inputs = {},
    doc,
    maxActive,
    maxItems,
    startDate,
    endDate,
    outlets,
    inlets,
    allowFailure: _,
    ...own
  } = ref.definition.options;
  const { loop } = ref.definition;
  const where = `task "${ref.taskId}" of DAG "${dag.dagId}"`;
  const options: TaskDefaults = { ...taskDefaults(inheritedDefaults(ref)), ...taskDefaults(own) };
  const triggerRule = options.triggerRule ?? "all_success";
  if (!TRIGGER_RULES.includes(triggerRule)) {
    throw new DagsmithError("INVALID_OPTION", {
      where,
      option: "triggerRule",
      found: JSON.stringify(triggerRule),
      allowed: TRIGGER_RULES.join(", "),
    });
  }
  return {
    taskId: ref.taskId,
    operator: operatorOf(ref.definition),
    doc: doc ?? null,
    ...(ref.definition.group ? { group: ref.definition.group.groupId } : {}),
    upstream: dag.upstreamOf(ref.taskId),
    ...describeInputs(inputs),
    ...(maxItems === undefined ? {} : { maxItems: wholeNumber(maxItems, 1, "maxItems", where) }),
    each: loop ? { loop: { maxIterations: loop.maxIterations } } : each === undefined ? null : describeEach(each, { where, maxItems }),
    maxActive: maxActive === undefined ? null : wholeNumber(maxActive, 1, "maxActive", where),
    ...describeDates({ startDate, endDate }, timezoneOf(dag), where),
    triggerRule,
    retries: wholeNumber(options.retries ?? 0, 0, "retries", where),
    retryDelayMs: durationMs(options.retryDelay ?? DEFAULT_RETRY_DELAY),
    retryBackoff: options.retryBackoff === "linear" ? 1 : backoff(options.retryBackoff ?? 1, where),
    maxRetryDelayMs: options.maxRetryDelay === undefined ? null : durationMs(options.maxRetryDelay),
    executionTimeoutMs: options.executionTimeout === undefined ? null : timeout(options.executionTimeout, where),
    freshProcess: options.freshProcess ?? false,
    outlets: checkedAssets("outlets", outlets, where).map(outletSpec),
    inlets: checkedAssets("inlets", inlets, where).flatMap((one) => (one.type === "asset" ? [one.uri] : [])),
    ...describeRules(ref.definition, options, where),
    ...definedOnly({ routing: describeRouting(options, where, ref.definition.sensor !== undefined) }),
    ...describePatience(ref.definition, options, { where, dagId: dag.dagId, timezone: dag.options.timezone ?? "UTC" }),
  };
}

function describeInputs(inputs: InputRefs): Pick<TaskSpec, "inputs" | "lazyInputs" | "picks"> {
  const named = Object.entries(inputs);
  const lazy = named.filter(([, input]) => input instanceof LazyRef).map(([name]) => name);
  const sources = named.map(([name, input]) => [name, (input instanceof TaskRef ? input : input.source).taskId]);
  const picks = named.flatMap(([name, input]) => (input instanceof PickRef ? [[name, input.field] as const] : []));
  return {
    inputs: Object.fromEntries(sources),
    ...(lazy.length > 0 ? { lazyInputs: lazy } : {}),
    ...(picks.length > 0 ? { picks: Object.fromEntries(picks) } : {}),
  };
}

/** An operator's body is a named function; a body written in place is anonymous, or named after the variable it was given to. */
function operatorOf({ body, kind }: TaskDefinition): string {
  const decides = kind && kind.type !== "setup" && kind.type !== "teardown";
  if (!body) return decides ? kind.type : "empty";
  return body.name && body.name !== "body" ? body.name : decides ? kind.type : "task";
}

/** Each task behind all it depends on: first those without upstream, then whatever became free, in the order of declaration. */
function topological(dag: Dag<unknown>): readonly TaskRef<unknown>[] {
  const waitingFor = new Map(dag.tasks.map((ref) => [ref, dag.upstreamOf(ref.taskId).length]));
  const downstream = Map.groupBy(
    dag.tasks.flatMap((ref) => dag.upstreamOf(ref.taskId).map((upstream) => ({ upstream, ref }))),
    (edge) => edge.upstream,
  );
  const ordered = dag.tasks.filter((ref) => waitingFor.get(ref) === 0);
  for (const { taskId } of ordered) {
    for (const { ref } of downstream.get(taskId) ?? []) {
      const left = (waitingFor.get(ref) ?? 0) - 1;
      waitingFor.set(ref, left);
      if (left === 0) ordered.push(ref);
    }
  }
  if (ordered.length < dag.tasks.length) throw new DagsmithError("CYCLE", { dag: dag.dagId, path: cyclePath(dag, new Set(ordered)) });
  return ordered;
}

/** Every task outside `acyclic` has an upstream outside it too, so walking upstream must come round. */
function cyclePath(dag: Dag<unknown>, acyclic: ReadonlySet<TaskRef<unknown>>): string {
  const free = new Set([...acyclic].map((ref) => ref.taskId));
  const walked = new Set<string>();
  let taskId: string | undefined = dag.tasks.find((ref) => !free.has(ref.taskId))?.taskId;
  while (taskId !== undefined && !walked.has(taskId)) {
    walked.add(taskId);
    taskId = dag.upstreamOf(taskId).find((upstream) => !free.has(upstream));
  }
  const ids = [...walked];
  // The walk goes against the work; people read a cycle along it.
  const cycle = ids.slice(ids.indexOf(taskId ?? "")).reverse();
  return [cycle.at(-1), ...cycle].join(" -> ");
}

function utcDate(text: string | undefined, timezone: string, where: string): string | null {
  if (text === undefined) return null;
  const date = DateTime.fromISO(typeof text === "string" ? text : "", { zone: timezone }).toUTC();
  // Beyond these years ISO 8601 is written in a form that databases do not read.
  if (!date.isValid || date.year < 1 || date.year > 9999) throw new DagsmithError("INVALID_DATE", { found: JSON.stringify(text), where });
  return date.toISO();
}

function catchup(value: boolean | Catchup | undefined, where: string): Catchup {
  if (value === true) return "all";
  if (value === false || value === undefined) return "last";
  if (["all", "last", "none"].includes(value)) return value;
  throw new DagsmithError("INVALID_OPTION", {
    where,
    option: "catchup",
    found: JSON.stringify(value),
    allowed: 'true, false, "all", "last", "none"',
  });
}

/** Left out of the spec when it says nothing new. */
function catchupOrder(value: CatchupOrder | undefined, where: string): Pick<DagSpec, "catchupOrder"> {
  if (value === undefined || value === "oldest") return {};
  if (value === "newest") return { catchupOrder: value };
  const found = JSON.stringify(value);
  throw new DagsmithError("INVALID_OPTION", { where, option: "catchupOrder", found, allowed: '"oldest", "newest"' });
}

function wholeNumber(value: number, min: number, option: string, where: string): number {
  if (Number.isInteger(value) && value >= min) return value;
  throw new DagsmithError("INVALID_OPTION", { where, option, found: String(value), allowed: `a whole number of at least ${min}` });
}

function backoff(value: number, where: string): number {
  if (Number.isFinite(value) && value >= 1) return value;
  throw new DagsmithError("INVALID_OPTION", { where, option: "retryBackoff", found: String(value), allowed: "a number of at least 1" });
}

function timeout(duration: Duration, where: string): number {
  const ms = durationMs(duration);
  if (ms > 0) return ms;
  throw new DagsmithError("INVALID_OPTION", {
    where,
    option: "executionTimeout",
    found: JSON.stringify(duration),
    allowed: "more than zero",
  });
}

/** An option given as undefined must not hide the DAG's default. */
function taskDefaults(options: TaskDefaults): TaskDefaults {
  return Object.fromEntries(
    TASK_DEFAULTS.map((key) => [key, options[key as keyof TaskDefaults]]).filter(([, value]) => value !== undefined),
  );
}

/** A spec holds no field without a value: JSON would drop it, and the two forms would differ. */
function definedOnly<Fields extends object>(fields: Fields): { readonly [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** JSON Schema of the params as a caller writes them, from schemas that can tell theirs (zod 4 can). */
function jsonSchema(params: object | undefined, where: string): Json | null {
  const standard = (params as Partial<StandardJSONSchemaV1> | undefined)?.["~standard"];
  if (params === undefined) return null;
  try {
    return standard?.jsonSchema ? (structuredClone(standard.jsonSchema.input({ target: "draft-2020-12" })) as Json) : { type: "object" };
  } catch (cause) {
    const found = `a schema that has no JSON form (${cause instanceof Error ? cause.message : String(cause)})`;
    throw new DagsmithError(
      "INVALID_OPTION",
      { where, option: "params", found, allowed: "a schema of values that JSON carries" },
      { cause },
    );
  }
}

function deepFreeze<Value extends object>(value: Value): Value {
  for (const part of Object.values(value)) if (typeof part === "object" && part !== null) deepFreeze(part);
  return Object.freeze(value);
}
