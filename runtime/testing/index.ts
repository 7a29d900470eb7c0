/**
 * dagsmith/testing: runs one task, or a whole DAG, in memory, in a test of a DAG. It
 * needs no database, no server and no other process; connections are given as values, and
 * the logical date fixes the clock. Also runs the scheduler over virtual time, to show
 * what it would do with a DAG.
 */
export type {
  AskedInMemory,
  DagRunEvent,
  DagRunResult,
  RunDagOptions,
  TaskResult,
} from "./dag_run.ts";
export { type StoredFile, type TestFile, testFile } from "./local_files.ts";
export type { StateValues } from "./memory_state.ts";
export { runDag } from "./run_dag.ts";
export { type ConnectionValue, type RunTaskOptions, runTask, type TaskRun } from "./run_task.ts";
export { type SimulateOptions, type SimulationResult, simulate } from "./simulate.ts";
export { taskOf } from "./task_of.ts";
