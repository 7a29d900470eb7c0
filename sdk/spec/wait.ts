/** What a task waits for without a process, as plain data. Times are ISO 8601 in UTC. */
import type { AskSpec } from "./question.ts";

/** How long a wait may take. */
export interface WaitLimit {
  readonly timeoutMs: number;
  /** Whether the end of the time ends the task as skipped instead of failed. */
  readonly softFail: boolean;
}

/** A call of another DAG, as the try that computed its params returns it. */
export interface CallSpec {
  readonly type: "call";
  readonly dagId: string;
  /** A JSON object, as text. */
  readonly params: string;
  /** The number of the version that runs; null: the deployed version. */
  readonly version: number | null;
  /** Whether the task waits for the end of the run; else only for its creation. */
  readonly waits: boolean;
  /** What a retry runs again of a run that failed: its failed tasks, or all tasks. */
  readonly rerun: "failed" | "all";
  /** Longest time that the run may take; null for no limit. */
  readonly timeoutMs: number | null;
}

/** What a task waits for. */
export type WaitSpec =
  | { readonly type: "time"; readonly at: string }
  /** Counted from the moment at which the task's trigger rule is met. */
  | { readonly type: "duration"; readonly ms: number }
  | ({
      readonly type: "run";
      readonly dagId: string;
      /** Null: the whole run. */
      readonly taskId: string | null;
      /** Null: the logical date of the waiting run. */
      readonly logicalDate: string | null;
    } & WaitLimit)
  | ({ readonly type: "event"; readonly name: string } & WaitLimit)
  | CallSpec
  | AskSpec;
