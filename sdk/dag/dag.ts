/**
 * The DAG builder: what a DAG file calls. It collects what the file declares, and refuses
 * a mistake at the line that makes it. `describeDag` turns the whole into a DagSpec.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { hidden } from "../hidden.ts";
import { refuseBadId } from "../ids.ts";
import { refuseUnknownOptions } from "../option_values.ts";
import type { CallableDag } from "../task/call.ts";
import { TASK_DEFAULTS } from "../task/task_options.ts";
import { DAG_OPTIONS, type DagOptions, type NoParams, type ParamsSchema } from "./dag_options.ts";
import type { OutputRefs, OutputValues } from "./dag_output.ts";
import { Graph } from "./graph.ts";
import { GroupBuilder } from "./group_builder.ts";
import { Scope } from "./scope.ts";

/**
 * Marks a DAG across copies of the package, so that a second copy does not hide a DAG.
 */
const DAG_BRAND: unique symbol = Symbol.for("dagsmith.dag") as never;

const graph = hidden<Dag<unknown>, Graph>("graph");

/** The tasks, groups and edges of a DAG. */
export const graphOf: (dag: Dag<unknown>) => Graph = graph.of;

/**
 * A DAG under construction: the builder of the tasks that are in no group. Made by
 * {@link dag}; the default export of a DAG file.
 * @typeParam Params what task bodies get as `params`
 * @typeParam Given what a call gives as `params`, before the schema fills in defaults
 * @typeParam Result what a call returns
 * @example
 * const d: Dag<Readonly<Record<string, never>>> = dag("hello");
 * d.task("greet", ({ log }) => log.info("hello"));
 * export default d;
 */
export class Dag<out Params, in Given = never, out Result = unknown>
  extends GroupBuilder<Params, undefined>
  implements CallableDag<Given, Result>
{
  /** Marks a DAG for {@link isDag}. */
  readonly [DAG_BRAND] = true;
  /** Carries the types of a call; has no value. */
  declare readonly calls: (params: Given) => Result;
  /** The id, unique over all DAG files of a deployment. */
  readonly dagId: string;
  /** The options as they were given. Frozen. */
  readonly options: DagOptions;

  /** Called by {@link dag} only. */
  constructor(dagId: string, given: DagOptions) {
    refuseBadId("DAG", dagId);
    const where = `DAG "${dagId}"`;
    refuseUnknownOptions("DAG", given, DAG_OPTIONS, where);
    refuseUnknownOptions("task", given.defaults ?? {}, TASK_DEFAULTS, `defaults of ${where}`);
    const options = Object.freeze({ ...given });
    const own = new Graph(dagId, options);
    super(new Scope(own, null));
    this.dagId = dagId;
    this.options = options;
    graph.set(this, own);
  }

  /**
   * Says what a call of this DAG returns: outputs of its tasks, by name. A call fails
   * when one of the tasks was skipped.
   * @returns this DAG, with the type of its result, for the default export
   * @throws DagsmithError INVALID_OPTION for a task of another DAG, and for a second call
   * @example
   * const stars = d.task("count", ({ params }) => starsOf(params.repository));
   * export default d.output({ stars });
   */
  output<Outputs extends OutputRefs>(outputs: Outputs): Dag<Params, Given, OutputValues<Outputs>> {
    graphOf(this).returns(outputs);
    return this as Dag<Params, never> as Dag<Params, Given, OutputValues<Outputs>>;
  }
}

/**
 * Declares a DAG.
 * @param id unique over all DAG files of a deployment
 * @throws DagsmithError INVALID_ID, UNKNOWN_OPTION
 * @example
 * const d = dag("daily_report", { schedule: "@daily", startDate: "2026-01-01" });
 * d.task("send", async ({ dataInterval, log }) =>
 *   log.info(`report for ${dataInterval.start.toISODate()}`),
 * );
 * export default d;
 */
export function dag<Schema extends ParamsSchema = NoParams>(
  id: string,
  options: DagOptions<Schema> = {},
): Dag<StandardSchemaV1.InferOutput<Schema>, StandardSchemaV1.InferInput<Schema>, null> {
  return new Dag(id, options);
}

/**
 * Whether a value is a DAG, made by this copy of the package or by another copy.
 * @example
 * const { default: found } = await import(path);
 * if (isDag(found)) console.log(found.dagId);
 */
export function isDag(value: unknown): value is Dag<unknown> {
  return typeof value === "object" && value !== null && DAG_BRAND in value;
}
