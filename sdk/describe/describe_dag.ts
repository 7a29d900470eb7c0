/**
 * Turns a built DAG into its plain form. Mistakes in the DAG as a whole are refused here.
 */
import { IANAZone } from "luxon";
import { type Dag, graphOf } from "../dag/dag.ts";
import type { DagOptions } from "../dag/dag_options.ts";
import { describeOutput } from "../dag/dag_output.ts";
import type { Graph } from "../dag/graph.ts";
import type { GroupDefinition } from "../dag/group_definition.ts";
import { inOrder } from "../dag/order.ts";
import { DagsmithError } from "../errors.ts";
import { jsonSchemaOf } from "../json_schema.ts";
import { type DagSpec, type GroupSpec, RUN_EVENTS } from "../spec/index.ts";
import { definitionOf } from "../task/task_definition.ts";
import { conditionOf, membersOf, splitSchedule } from "./describe_assets.ts";
import { describeCallbacks, describeDeadlines } from "./describe_callbacks.ts";
import { describeConnections } from "./describe_connections.ts";
import { describeEvents } from "./describe_events.ts";
import { describeLimits } from "./describe_routing.ts";
import {
  describeRunRules,
  refuseForeignRules,
  refuseRulesAfterSetups,
} from "./describe_run_rules.ts";
import { describeTask } from "./describe_task.ts";
import { describeMaxActiveRuns, describeWhen } from "./describe_when.ts";

/**
 * The plain form of a DAG, deeply frozen.
 * @throws DagsmithError EMPTY_DAG, CYCLE (naming the path), INVALID_OPTION,
 *   INVALID_TIMEZONE, INVALID_DATE, INVALID_SCHEDULE, INVALID_DURATION, FAIL_FAST_RULE,
 *   SETUP_RULE, OUTPUT_NOT_JSON for literal items that JSON cannot carry
 */
export function describeDag(dag: Dag<unknown>): DagSpec {
  const graph = graphOf(dag);
  const { options, dagId } = graph;
  if (graph.tasks.length === 0) throw new DagsmithError("EMPTY_DAG", { dag: dagId });
  const timezone = options.timezone ?? "UTC";
  if (!IANAZone.isValidZone(timezone))
    throw new DagsmithError("INVALID_TIMEZONE", { found: timezone });
  const where = `DAG "${dagId}"`;
  const tasks = inOrder(graph).map((ref) => describeTask(graph, ref, timezone));
  if (options.failFast) refuseForeignRules(dagId, tasks);
  refuseRulesAfterSetups(dagId, tasks);
  const on = describeEvents(options.on, dagId);
  const when = describeWhen(options, dagId, timezone, tasks);
  return deepFreeze({
    dagId,
    description: options.description ?? null,
    ...(options.doc === undefined ? {} : { doc: options.doc }),
    tags: [...(options.tags ?? [])],
    timezone,
    ...when,
    ...describeAssets(graph),
    on,
    ...describeConnections(options, on, where),
    maxActiveRuns: describeMaxActiveRuns(options, when, where),
    ...describeLimits(options, where),
    pausedAtCreation: options.pausedAtCreation ?? false,
    ...describeAfterwards(options, timezone, where),
    ...describeRunRules(options, where),
    paramsSchema: paramsSchema(options, where),
    ...describeOutput(graph.output),
    ...(graph.groups.length > 0 ? { groups: graph.groups.map(describeGroup) } : {}),
    tasks,
  });
}

function describeGroup({ groupId, parent, options }: GroupDefinition): GroupSpec {
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

/** The assets that make runs, and the details of every asset that the DAG names. */
function describeAssets({ options, tasks }: Graph): Pick<DagSpec, "assets" | "assetDetails"> {
  const { assets } = splitSchedule(options.schedule);
  const named = [
    ...(assets ? membersOf(assets) : []),
    ...tasks.flatMap((ref) => {
      const { outlets = [], inlets = [] } = definitionOf(ref).options;
      return [...outlets, ...inlets];
    }),
  ];
  const details = named.flatMap((one) =>
    one.type === "asset" && (one.name !== null || Object.keys(one.extra ?? {}).length > 0)
      ? [[one.uri, { name: one.name, extra: one.extra }] as const]
      : [],
  );
  return { assets: assets && conditionOf(assets), assetDetails: Object.fromEntries(details) };
}

/**
 * A schema without a JSON form still checks the params of each run, in its task process.
 */
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
