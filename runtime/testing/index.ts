/**
 * dagsmith/testing: run one task, or a whole DAG, in memory, in a test of your own. No database, no server, no process; connections are
 * given as values, the clock is fixed by the logical date. Or the scheduler over virtual time: what it would do with a DAG.
 */
export {
  type DagRunEvent,
  type DagRunResult,
  type RunDagOptions,
  runDag,
  type TaskResult,
} from "./run_dag.ts";
export { type ConnectionValue, type RunTaskOptions, runTask, type TaskRun } from "./run_task.ts";
export { type SimulateOptions, type SimulationResult, simulate } from "./simulate.ts";
export { taskOf } from "./task_of.ts";
