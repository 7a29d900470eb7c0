/** What a task waits for without a process, as plain data. Times are ISO 8601 in UTC. */

/** How long a wait may take. */
export interface WaitLimit {
  readonly timeoutMs: number;
  /** Whether the end of the time ends the task as skipped instead of failed. */
  readonly softFail: boolean;
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
  | ({ readonly type: "event"; readonly name: string } & WaitLimit);
