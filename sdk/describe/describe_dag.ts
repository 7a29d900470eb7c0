/** Turns a built DAG into its plain form. Everything that can be wrong with the DAG as a whole is found here. */
import { IANAZone } from "luxon";
import type { Dag } from "../dag/dag.ts";
import type { DagOptions } from "../dag/dag_options.ts";
import type { TaskGroup } from "../dag/group.ts";
import { inOrder } from "../dag/order.ts";
import { DagsmithError } from "../errors.ts";
import { jsonSchemaOf } from "../json_schema.ts";
import { conditionOf, membersOf, splitSchedule } from "../sources/asset.ts";
import { describeEvents } from "../sources/event.ts";
import type { DagSpec, GroupSpec } from "../spec/index.ts";
import { RUN_EVENTS } from "../spec/index.ts";
import { describeCallbacks, describeDeadlines } from "../task/callback.ts";
import { describeLimits } from "../task/routing.ts";
import { describeRunRules, refuseForeignRules } from "./describe_run_rules.ts";
import { describeTask } from "./describe_task.ts";
import { describeMaxActiveRuns, describeWhen } from "./describe_when.ts";

/**
 * The plain form of a DAG, frozen through and through.
 * @throws DagsmithError EMPTY_DAG, CYCLE (naming the path), INVALID_OPTION, INVALID_TIMEZONE, INVALID_DATE, INVALID_SCHEDULE, INVALID_DURATION,
 *   OUTPUT_NOT_JSON for literal items that JSON cannot carry
 */
export function describeDag(dag: Dag<unknown>): DagSpec {
  const { options, dagId } = dag;
  if (dag.tasks.length === 0) throw new DagsmithError("EMPTY_DAG", { dag: dagId });
  const timezone = options.timezone ?? "UTC";
  if (!IANAZone.isValidZone(timezone))
    throw new DagsmithError("INVALID_TIMEZONE", { found: timezone });
  const where = `DAG "${dagId}"`;
  const tasks = inOrder(dag).map((ref) => describeTask(ref, timezone));
  if (options.failFast) refuseForeignRules(dagId, tasks);
  const when = describeWhen(dag, timezone, tasks);
  return deepFreeze({
    dagId,
    description: options.description ?? null,
    tags: [...(options.tags ?? [])],
    timezone,
    ...when,
    ...describeAssets(dag),
    on: describeEvents(options.on, dagId),
    maxActiveRuns: describeMaxActiveRuns(options, when, where),
    ...describeLimits(options, where),
    pausedAtCreation: options.pausedAtCreation ?? false,
    ...describeAfterwards(options, timezone, where),
    ...describeRunRules(options, where),
    paramsSchema: paramsSchema(options, where),
    ...(dag.groups.length > 0 ? { groups: dag.groups.map(describeGroup) } : {}),
    tasks,
  });
}

function describeGroup({ groupId, parent, options }: TaskGroup): GroupSpec {
  return { groupId, parent: parent?.groupId ?? null, doc: options.doc ?? null };
}

function describeAfterwards(
  options: DagOptions,
  timezone: string,
  where: string,
): Pick<DagSpec, "callbacks" | "deadlines"> {
  const callbacks = describeCallbacks(options, RUN_EVENTS, where);
  const deadlines = describeDeadlines(options.deadlines ?? [], timezone, where);
  return { ...(callbacks.length > 0 && { callbacks }), ...(deadlines.length > 0 && { deadlines }) };
}

/** What it waits for, and what it says of each asset that it names anywhere. */
function describeAssets(dag: Dag<unknown>): Pick<DagSpec, "assets" | "assetDetails"> {
  const { assets } = splitSchedule(dag.options.schedule);
  const named = [
    ...(assets ? membersOf(assets) : []),
    ...dag.tasks.flatMap(({ definition: { options } }) => [
      ...(options.outlets ?? []),
      ...(options.inlets ?? []),
    ]),
  ];
  const details = named.flatMap((one) =>
    one.type === "asset" && (one.name !== null || Object.keys(one.extra ?? {}).length > 0)
      ? [[one.uri, { name: one.name, extra: one.extra }] as const]
      : [],
  );
  return { assets: assets && conditionOf(assets), assetDetails: Object.fromEntries(details) };
}

/** A schema that cannot tell what it allows still checks each run's params in its task process. */
function paramsSchema({ params }: DagOptions, where: string): DagSpec["paramsSchema"] {
  if (params === undefined) return null;
  const words = {
    found: "a schema that has no JSON form",
    allowed: "a schema of values that JSON carries",
  };
  return jsonSchemaOf(params, "params", where, words) ?? { type: "object" };
}

function deepFreeze<Value extends object>(value: Value): Value {
  for (const part of Object.values(value))
    if (typeof part === "object" && part !== null) deepFreeze(part);
  return Object.freeze(value);
}
