/** What a task does in its run besides work, and the rules that few tasks have. */

/** What a task is besides work; absent from the spec of a task that only works. */
export type TaskKind =
  | { readonly type: "setup" }
  | {
      readonly type: "teardown";
      /** Whether its failure fails the run. If not, its failure does not count. */
      readonly failsRun: boolean;
    }
  /** Its output is the list of the ids of the chosen tasks. */
  | { readonly type: "branch" }
  | {
      /** Its output is the name of the chosen case. */
      readonly type: "switch";
      /** Case name to the ids of its tasks. */
      readonly cases: Readonly<Record<string, readonly string[]>>;
    }
  | {
      /** An output of `false` or `[]` skips the tasks after it. */
      readonly type: "short_circuit";
      /** Whether only the tasks directly after it are skipped. */
      readonly directOnly: boolean;
    }
  /** Its output says whether the run is the latest run of the schedule. */
  | { readonly type: "latest_only" }
  /** A group with a group instance. */
  | { readonly type: "group" };

/** Rules of a task. A field is absent where the rule does not apply. */
export interface TaskRules {
  /** What the task is besides work. */
  readonly kind?: TaskKind;
  /**
   * Its failure counts as success for the tasks after it and for the run, which shows a
   * warning.
   */
  readonly allowFailure?: true;
  /** Waits until the same task ended as success or skipped in the run before. */
  readonly dependsOnPast?: true;
  /**
   * Also waits until the tasks directly after it ended as success or skipped in the run
   * before.
   */
  readonly waitForDownstream?: true;
}
