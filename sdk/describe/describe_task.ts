/** Turns one task into its plain form, with what it inherits from its groups and its DAG. */

import { inheritedDefaults, mappedAround, unitsAround } from "../dag/group.ts";
import { type Duration, durationMs } from "../duration.ts";
import type { Json } from "../json.ts";
import { backoffFactor, invalidOption, moreThanZero, wholeNumber } from "../option_values.ts";
import { type Asset, type AssetAlias, checkedAssets } from "../sources/asset.ts";
import { type TaskSpec, TRIGGER_RULES } from "../spec/index.ts";
import { LazyRef } from "../task/lazy.ts";
import { PickRef } from "../task/pick.ts";
import { describeRouting } from "../task/routing.ts";
import { describeRules } from "../task/rules.ts";
import {
  type InputRefs,
  sourceOf,
  TASK_DEFAULTS,
  type TaskDefaults,
  type TaskDefinition,
  TaskRef,
} from "../task/task.ts";
import { describeEach } from "./describe_each.ts";
import { describePatience } from "./describe_patience.ts";
import { describeDates } from "./describe_when.ts";

const DEFAULT_RETRY_DELAY: Duration = "5m";

/** @throws DagsmithError INVALID_OPTION, INVALID_DATE, INVALID_DURATION, OUTPUT_NOT_JSON */
export function describeTask(ref: TaskRef<unknown>, timezone: string): TaskSpec {
  const { definition, dag, taskId } = ref;
  const {
    inputs = {},
    doc,
    maxActive,
    maxItems,
    startDate,
    endDate,
    outlets,
    inlets,
  } = definition.options;
  const where = `task "${taskId}" of DAG "${dag.dagId}"`;
  const options: TaskDefaults = {
    ...taskDefaults(inheritedDefaults(ref)),
    ...taskDefaults(definition.options),
  };
  const [unit] = unitsAround(ref);
  if (mappedAround(ref)) refuseDependsOnPast(definition.options, where);
  if (unit) refuseCasesOutside(ref, unit, where);
  const triggerRule = checkedRule(options, where);
  return {
    taskId,
    operator: operatorOf(definition),
    doc: doc ?? null,
    ...(definition.group ? { group: definition.group.groupId } : {}),
    ...(unit ? { within: unit.taskId } : {}),
    upstream: dag.upstreamOf(taskId),
    ...describeInputs(inputs),
    ...(maxItems === undefined ? {} : { maxItems: wholeNumber(maxItems, 1, "maxItems", where) }),
    each: instancesOf(ref, where),
    maxActive: maxActive === undefined ? null : wholeNumber(maxActive, 1, "maxActive", where),
    ...describeDates({ startDate, endDate }, timezone, where),
    triggerRule,
    ...describeRetries(options, where),
    freshProcess: options.freshProcess ?? false,
    outlets: checkedAssets("outlets", outlets, where).map(outletSpec),
    inlets: checkedAssets("inlets", inlets, where).flatMap((one) =>
      one.type === "asset" ? [one.uri] : [],
    ),
    ...describeRules(definition, options, where),
    ...describeRouting(options, where),
    ...describePatience(definition, options, { where, dagId: dag.dagId, timezone }),
  };
}

/** An option given as undefined must not hide the DAG's default. */
function taskDefaults(options: TaskDefaults): TaskDefaults {
  return Object.fromEntries(
    TASK_DEFAULTS.map((name) => [name, options[name]]).filter(([, value]) => value !== undefined),
  );
}

/** Lists differ from run to run, so an element has no past; its group has. */
function refuseDependsOnPast(
  { dependsOnPast, waitForDownstream }: TaskDefaults,
  where: string,
): void {
  if (dependsOnPast || waitForDownstream)
    throw invalidOption(
      where,
      dependsOnPast ? "dependsOnPast" : "waitForDownstream",
      "true",
      "it in the defaults of a mapped group or of the DAG",
    );
}

/** What lies outside a group waits for all of it, and could not be chosen by what runs inside. */
function refuseCasesOutside(
  { dag, definition: { kind } }: TaskRef<unknown>,
  unit: TaskRef<unknown>,
  where: string,
): void {
  if (kind?.type !== "switch") return;
  const isInside = (taskId: string): boolean =>
    unitsAround(dag.find(taskId) ?? unit).includes(unit);
  const stray = Object.values(kind.cases)
    .flat()
    .find((taskId) => !isInside(taskId));
  if (stray === undefined) return;
  const group = `group "${unit.taskId}"`;
  throw invalidOption(
    where,
    "cases",
    `"${stray}", which is outside ${group}`,
    "tasks of that group, which runs as one",
  );
}

/** An operator's body is a named function; a body written in place is anonymous, or named after the variable it was given to. */
function operatorOf({ body, kind }: TaskDefinition): string {
  const decides = kind && kind.type !== "setup" && kind.type !== "teardown";
  if (!body) return decides ? kind.type : "empty";
  return body.name && body.name !== "body" ? body.name : decides ? kind.type : "task";
}

function describeInputs(inputs: InputRefs): Pick<TaskSpec, "inputs" | "lazyInputs" | "picks"> {
  const named = Object.entries(inputs);
  const lazy = named.filter(([, input]) => input instanceof LazyRef).map(([name]) => name);
  const picks = named.flatMap(([name, input]) =>
    input instanceof PickRef ? [[name, input.field] as const] : [],
  );
  return {
    inputs: Object.fromEntries(named.map(([name, input]) => [name, sourceOf(input).taskId])),
    ...(lazy.length > 0 && { lazyInputs: lazy }),
    ...(picks.length > 0 && { picks: Object.fromEntries(picks) }),
  };
}

function instancesOf(ref: TaskRef<unknown>, where: string): TaskSpec["each"] {
  const { loop, options } = ref.definition;
  const { each, maxItems } = options;
  const result = loop && ref.dag.groups.find(({ unit }) => unit === ref)?.result;
  if (loop && result instanceof TaskRef)
    return {
      loop: {
        maxIterations: loop.maxIterations,
        initial: loop.initial as Json,
        result: result.taskId,
      },
    };
  if (loop) return { loop: { maxIterations: loop.maxIterations } };
  return each === undefined ? null : describeEach(each, { where, maxItems });
}

function checkedRule(options: TaskDefaults, where: string): TaskSpec["triggerRule"] {
  const triggerRule = options.triggerRule ?? "all_success";
  if (TRIGGER_RULES.includes(triggerRule)) return triggerRule;
  throw invalidOption(where, "triggerRule", JSON.stringify(triggerRule), TRIGGER_RULES.join(", "));
}

type Retries = Pick<
  TaskSpec,
  "retries" | "retryDelayMs" | "retryBackoff" | "maxRetryDelayMs" | "executionTimeoutMs"
>;

function describeRetries(options: TaskDefaults, where: string): Retries {
  const { retryBackoff, maxRetryDelay, executionTimeout } = options;
  return {
    retries: wholeNumber(options.retries ?? 0, 0, "retries", where),
    retryDelayMs: durationMs(options.retryDelay ?? DEFAULT_RETRY_DELAY),
    retryBackoff:
      retryBackoff === "linear" ? 1 : backoffFactor(retryBackoff ?? 1, "retryBackoff", where),
    maxRetryDelayMs: maxRetryDelay === undefined ? null : durationMs(maxRetryDelay),
    executionTimeoutMs:
      executionTimeout === undefined
        ? null
        : moreThanZero(executionTimeout, "executionTimeout", where),
  };
}

function outletSpec(outlet: Asset | AssetAlias): TaskSpec["outlets"][number] {
  return outlet.type === "asset" ? { asset: outlet.uri } : { alias: outlet.alias };
}
