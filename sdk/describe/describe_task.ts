/**
 * Turns one task into its plain form, with the options that it inherits from its groups
 * and its DAG.
 */
import type { Graph } from "../dag/graph.ts";
import { groupTasksAround, mappedGroupAround } from "../dag/node.ts";
import { type Duration, durationMs } from "../duration.ts";
import { DagsmithError } from "../errors.ts";
import type { Json } from "../json.ts";
import { backoffFactor, invalidOption, moreThanZero, wholeNumber } from "../option_values.ts";
import type { Asset, AssetAlias } from "../sources/asset.ts";
import { type TaskSpec, TRIGGER_RULES } from "../spec/index.ts";
import type { CallDefinition } from "../task/call.ts";
import { LazyRef } from "../task/lazy.ts";
import { PickRef } from "../task/pick.ts";
import { definitionOf, type TaskDefinition } from "../task/task_definition.ts";
import {
  type InputRefs,
  type Lineage,
  sourceOf,
  TASK_DEFAULTS,
  type TaskDefaults,
} from "../task/task_options.ts";
import { TaskRef } from "../task/task_ref.ts";
import { checkedAssets } from "./describe_assets.ts";
import { describeEach } from "./describe_each.ts";
import { describeQuestion } from "./describe_question.ts";
import { describeRouting } from "./describe_routing.ts";
import { describeRules } from "./describe_rules.ts";
import { describeTiming } from "./describe_timing.ts";
import { describeDates } from "./describe_when.ts";

const DEFAULT_RETRY_DELAY: Duration = "5m";

/**
 * The plain form of a task.
 * @throws DagsmithError INVALID_OPTION, INVALID_DATE, INVALID_DURATION, OUTPUT_NOT_JSON
 */
export function describeTask(graph: Graph, ref: TaskRef<unknown>, timezone: string): TaskSpec {
  const { taskId } = ref;
  const definition = definitionOf(ref);
  const { group, inherited, options: own } = definition;
  const where = `task "${taskId}" of DAG "${graph.dagId}"`;
  const options: TaskDefaults = { ...taskDefaults(inherited), ...taskDefaults(own) };
  const [groupTask] = groupTasksAround(ref);
  if (mappedGroupAround(ref)) refuseDependsOnPast(own, where);
  if (groupTask) refuseCasesOutside(graph, definition, groupTask, where);
  return {
    taskId,
    operator: operatorOf(definition),
    doc: own.doc ?? null,
    ...(group && { group: group.groupId }),
    ...(groupTask && { parentGroup: groupTask.taskId }),
    upstream: graph.upstreamOf(taskId),
    triggerRule: checkedRule(options, where),
    ...describeInputs(own.inputs ?? {}),
    ...describeList(graph, ref, where),
    ...describeDates({ startDate: own.startDate, endDate: own.endDate }, timezone, where),
    ...describeRetries(options, where),
    freshProcess: options.freshProcess ?? false,
    ...describeLineage(own, where),
    ...describeRules(definition, options, where),
    ...describeRouting(options, where),
    ...describeTiming(definition, options, { where, dagId: graph.dagId, timezone }),
    ...describeAsk(definition, options, where),
    ...(definition.call && { call: describeCall(definition.call, graph.dagId) }),
  };
}

function describeAsk(
  { ask }: TaskDefinition,
  { onAsk }: TaskDefaults,
  where: string,
): Pick<TaskSpec, "ask"> {
  return ask ? { ask: describeQuestion(ask, onAsk !== undefined, where) } : {};
}

function describeCall(
  { dagId, waits }: CallDefinition,
  own: string,
): NonNullable<TaskSpec["call"]> {
  if (dagId !== own) return { dagId, waits };
  throw new DagsmithError("CALL_CIRCLE", { dag: own, path: `${own} -> ${own}` });
}

function describeList(
  graph: Graph,
  ref: TaskRef<unknown>,
  where: string,
): Pick<TaskSpec, "each" | "maxItems" | "maxActive"> {
  const { maxActive, maxItems } = definitionOf(ref).options;
  return {
    // Checked before the list, whose length it limits.
    ...(maxItems !== undefined && { maxItems: wholeNumber(maxItems, 1, "maxItems", where) }),
    each: instancesOf(graph, ref, where),
    maxActive: maxActive === undefined ? null : wholeNumber(maxActive, 1, "maxActive", where),
  };
}

function describeLineage(
  { outlets, inlets }: Lineage,
  where: string,
): Pick<TaskSpec, "outlets" | "inlets"> {
  return {
    outlets: checkedAssets("outlets", outlets, where).map(outletSpec),
    inlets: checkedAssets("inlets", inlets, where).flatMap((one) =>
      one.type === "asset" ? [one.uri] : [],
    ),
  };
}

/** An option that is set to undefined must not hide a default. */
function taskDefaults(options: TaskDefaults): TaskDefaults {
  return Object.fromEntries(
    TASK_DEFAULTS.map((name) => [name, options[name]]).filter(([, value]) => value !== undefined),
  );
}

/** Lists differ from run to run, so an element has no run before; its group has one. */
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

/**
 * A task outside a group waits for the whole group, so a switch inside cannot choose it.
 */
function refuseCasesOutside(
  graph: Graph,
  { kind }: TaskDefinition,
  groupTask: TaskRef<unknown>,
  where: string,
): void {
  if (kind?.type !== "switch") return;
  const isInside = (taskId: string): boolean =>
    groupTasksAround(graph.find(taskId) ?? groupTask).includes(groupTask);
  const stray = Object.values(kind.cases)
    .flat()
    .find((taskId) => !isInside(taskId));
  if (stray === undefined) return;
  const group = `group "${groupTask.taskId}"`;
  throw invalidOption(
    where,
    "cases",
    `"${stray}", which is outside ${group}`,
    "tasks of that group, which runs as one",
  );
}

/**
 * The body of an operator is a named function. A body written in place has no name, or
 * that of its variable.
 */
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

function instancesOf(graph: Graph, ref: TaskRef<unknown>, where: string): TaskSpec["each"] {
  const { loop, options } = definitionOf(ref);
  const { each, maxItems } = options;
  const result = loop && graph.groups.find(({ task }) => task === ref)?.result;
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
