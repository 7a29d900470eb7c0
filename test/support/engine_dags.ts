/** DAGs for tests of the engine, and the outcomes of their tasks. */
import { expect } from "vitest";
import { type Dag, dag } from "../../sdk/dag/dag.ts";
import type { DagOptions } from "../../sdk/dag/dag_options.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import {
  type BeginRun,
  play,
  type Script,
  type Seen,
  type Snapshot,
  success,
} from "./engine_driver.ts";

/** A DAG whose runs have no params. */
export type PlainDag = Dag<Readonly<Record<string, never>>>;

/** The body of tasks that no process runs. */
export const work = async (): Promise<null> => null;

let lastDag = 0;

/** A DAG with an id of its own, so that all runs of a test file may share a database. */
export function newDag(declare: (d: PlainDag) => void, options: DagOptions = {}): DagSpec {
  lastDag += 1;
  const d = dag(`dag_${lastDag}`, options as never) as PlainDag;
  declare(d);
  return describeDag(d as unknown as Dag<unknown>);
}

/** A script by table: the outcome of `task[index]`, else of `task`, else success. */
export const outcomes =
  (table: Readonly<Record<string, ReturnType<Script>>>): Script =>
  ({ taskId, mapIndex }) =>
    table[mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`] ?? table[taskId] ?? success();

/** The first instance of a task; undefined before it has one. */
export const firstOf = (snapshot: Snapshot, taskId: string): Seen | undefined =>
  snapshot.instances.find((one) => one.taskId === taskId);

/** Plays runs of DAGs by a table of outcomes, until nothing is left open. */
export const playedToEnd =
  (begin: BeginRun) =>
  async (
    spec: DagSpec,
    table: Readonly<Record<string, ReturnType<Script>>> = {},
  ): Promise<Snapshot> => {
    const end = await play(await begin(spec), outcomes(table));
    expect([end.openTasks, end.run === "running"]).toEqual([0, false]);
    return end;
  };
