/** The plain form of a DAG of which only the schedule matters. */
import type { DagOptions } from "../../../sdk/dag/dag_options.ts";
import { describeDag } from "../../../sdk/describe/describe_dag.ts";
import { dag } from "../../../sdk/index.ts";
import type { DagSpec } from "../../../sdk/spec/index.ts";

export function specOf(options: DagOptions): DagSpec {
  const d = dag("timetable", options as never);
  d.empty("only");
  return describeDag(d as never);
}
