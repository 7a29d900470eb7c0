/**
 * What the engine asks of a store. Two keep it: PostgreSQL, and the memory of `dag test`. Everything here happens inside one transaction
 * on runs that are locked, so the engine reads, decides and writes without a race.
 */

import type { Json } from "../../sdk/json.ts";
import type { TaskEvent } from "../../sdk/spec/index.ts";
import type { RunProgress, RunState } from "../state/run_state.ts";
import type { FinalState, StoredError, TaskState, TryRef } from "../state/task_state.ts";
import type { Transition } from "../state/transition.ts";
import type { Wait } from "../state/wait.ts";
import type { Route } from "./limits/limits.ts";
import type { Plan } from "./plan/plan.ts";

/** A run whose row this transaction holds. */
export interface LockedRun {
  readonly id: number;
  readonly state: RunState;
  readonly plan: Plan;
  readonly openTasks: number;
  readonly failedLeaves: number;
  readonly warnings: number;
  /** Whether a person has limited how many tasks run at once in the whole deployment. */
  readonly isGloballyLimited?: boolean;
  /** Whether a backfill has it run. */
  readonly isBackfill?: boolean;
}

/** A value on its way into the store: as JSON text, or, too large for that, as the name of the file that holds it. */
export type KeptJson =
  | { readonly json: string; readonly file: null }
  | { readonly json: null; readonly file: string };

/** What the store says of an output that lies in a file, which only workers read. */
export const IN_A_FILE: unique symbol = Symbol("in a file");

/** When a run is, and what made it. */
export interface RunDates {
  /** The store's clock. */
  readonly now: Date;
  readonly runType: string;
  readonly schedule: string | null;
  readonly logicalDate: Date;
  readonly dataInterval: { readonly start: Date; readonly end: Date };
}

/** A task of a run whose past is asked for. */
export interface DependsOnPastWait {
  readonly runId: number;
  readonly taskId: string;
}

/** An instance that a transition moved, as it is now. */
export interface MovedInstance {
  readonly id: number;
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly state: TaskState;
  readonly tryNumber: number;
  /** Whether a try of it has started since its turn came, or since it was cleared. */
  readonly began: boolean;
}

/** An instance that a worker has just claimed. */
export interface ClaimedInstance extends MovedInstance {
  readonly lostTries: number;
  /** Tries before it was last cleared. */
  readonly clearedTries: number;
  /** How often its run was cleared: what a worker keeps of the run is of that generation. */
  readonly generation: number;
  readonly item: Json;
  /** Pokes that this try has made so far. */
  readonly pokes: number;
  /** Since the start of the first try, by the database's clock; 0 before it. */
  readonly elapsedMs: number;
}

export interface Counts {
  readonly success: number;
  readonly failed: number;
  readonly skipped: number;
  readonly upstreamFailed: number;
  readonly removed: number;
}

/** Whose counts they are: a task's, and within a mapped group those of one element. */
export interface Counted {
  readonly runId: number;
  readonly taskId: string;
  /** The element of the mapped group that the task is within; -1 elsewhere. */
  readonly mapIndex: number;
}

/** What changes in the counts of one task of one run. */
export interface ProgressDelta extends Counted {
  /** Upstream instances that came to be known (a list expanded), and that ended. */
  readonly upstreamTotal: number;
  readonly upstream: Counts;
  /** Own instances, of a mapped task, that ended; of a group, its tasks. */
  readonly own: Counts;
}

/** The counts of one task of one run. */
export interface Progress extends Counted {
  readonly upstreamTotal: number;
  readonly upstream: Counts;
  readonly decided: boolean;
  /** Instances of a mapped task; null before its list is known. */
  readonly instances: number | null;
  /** Instances of a mapped task that were let go so far. */
  readonly released: number;
  readonly own: Counts;
}

/** Counts that begin. */
export interface NewProgress extends Counted {
  readonly upstreamTotal: number;
  /** Of one element of a mapped group: how many tasks it consists of. */
  readonly instances?: number;
}

/** The current try of a group. */
export interface GroupInstance extends Counted, TryRef {
  readonly clearedTries: number;
  /** What was said against it while it runs: that its time is up. */
  readonly reason: string | null;
  /** Since the start of its first try. */
  readonly elapsedMs: number;
}

/** A task instance to be made. */
export interface NewInstance {
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  /** `running`: a group, which no worker has to take. */
  readonly state: "scheduled" | "queued" | "running" | "deferred" | FinalState;
  readonly item: Json;
  /** The group whose instance at the same map index has the item. */
  readonly itemOf?: string;
  readonly reason: string | null;
  readonly error: StoredError | null;
  /** What a deferred one waits for, and when the time of a group is up. */
  readonly wait?: Wait;
  /** How it gets to a worker; one with reservations waits for its places before it is queued. */
  readonly route: Route;
}

/** A wake-up token: "look at this instance, at this try", now or later. */
export interface Token {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly inMs: number;
}

/** An update of an asset by a task that succeeded. */
export interface AssetUpdate {
  readonly runId: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly uri: string;
  /** The alias under which the task named it; null for an outlet. */
  readonly alias: string | null;
  readonly extra: Json;
}

/** A token, and how it gets to a worker; with reservations it waits for places first. */
export interface RoutedJob extends Token {
  readonly route: Route;
}

/** Instances of a mapped task that get the places which others left, by map index: from inclusive, to exclusive. Items that do not wait are passed over. */
export interface Release {
  readonly runId: number;
  readonly taskId: string;
  readonly from: number;
  readonly to: number;
  readonly route: Route;
}

/** Everything one round of the engine decided, written together. */
export interface Decisions {
  readonly instances: readonly NewInstance[];
  readonly tokens: readonly RoutedJob[];
  readonly releases: readonly Release[];
  /** Tasks whose trigger rule has spoken; mapped ones with the length of their list and how much of it was let go. */
  readonly decided: readonly (Counted & {
    readonly instances: number | null;
    readonly released: number;
  })[];
  readonly runs: readonly (RunProgress & { readonly id: number; readonly state: RunState })[];
  /** Tasks whose turn has come but for their past, and tasks that wait for it no longer. */
  readonly past: {
    readonly waits: readonly DependsOnPastWait[];
    readonly ended: readonly DependsOnPastWait[];
  };
}

/** Code of a task to be run because one of its tries ended. */
export interface NewCallback {
  readonly runId: number;
  readonly instanceId: number;
  /** The try that ended. */
  readonly tryNumber: number;
  readonly event: TaskEvent;
  readonly reason: string | null;
  readonly error: StoredError | null;
}

export interface EngineTx {
  /** Locks runs, in the order of their ids; runs that do not exist are left out. */
  lockRuns(ids: readonly number[]): Promise<readonly LockedRun[]>;
  /** Applies what the rows' states and tries allow; gives back only what moved. */
  apply(transitions: readonly Transition[]): Promise<readonly MovedInstance[]>;
  /** Stores outputs (JSON text) under the key return_value. */
  storeOutputs(
    outputs: readonly (KeptJson & {
      readonly runId: number;
      readonly taskId: string;
      readonly mapIndex: number;
    })[],
  ): Promise<void>;
  /** Puts callbacks of tasks into the queue. */
  queueCallbacks(callbacks: readonly NewCallback[]): Promise<void>;
  /** Writes updates of assets, and lets them wait for the DAGs that care. */
  updateAssets(updates: readonly AssetUpdate[]): Promise<void>;
  /** Forgets what earlier tries of these instances left. */
  clearXComs(instances: readonly Counted[]): Promise<void>;
  /** What a task left; `all`: the list of what its instances left, in order. Undefined when there is none. */
  output(
    runId: number,
    taskId: string,
    mapIndex: number | "all",
  ): Promise<Json | undefined | typeof IN_A_FILE>;
  /** How many instances of each of these tasks are in which final state; tasks without any are missing. @param mapIndex null for all */
  endsOf(
    runId: number,
    taskIds: readonly string[],
    mapIndex: number | null,
  ): Promise<ReadonlyMap<string, Counts>>;
  /** Instances of a run that something may still move. */
  unfinished(runId: number): Promise<
    readonly (TryRef & {
      readonly taskId: string;
      readonly mapIndex: number;
      readonly state: TaskState;
    })[]
  >;
  runDates(runId: number): Promise<RunDates>;
  /** Whether their past lets these tasks run, in their order. */
  dependsOnPastMet(questions: readonly DependsOnPastWait[]): Promise<readonly boolean[]>;
  /** Stores what people call instances; one may be named twice. */
  storeLabels(labels: readonly (Counted & { readonly label: string })[]): Promise<void>;
  /** Adds to counts and gives back the rows as they are now. */
  addProgress(deltas: readonly ProgressDelta[]): Promise<readonly Progress[]>;
  /** Makes the counting rows of runs and groups that begin; those that are there already stay as they are. @returns all of them */
  createProgress(rows: readonly NewProgress[]): Promise<readonly Progress[]>;
  /** The groups of these places that run. */
  groups(of: readonly Counted[]): Promise<readonly GroupInstance[]>;
  /** Lets scheduled instances of a group begin, in the order of their indices. @returns their map indices */
  beginGroups(release: Omit<Release, "route">, wait: Wait | undefined): Promise<readonly number[]>;
  /** Puts all that took part in a group back to before its turn. @param taskIds all within it @returns what they had come to */
  clearWithin(
    group: Counted,
    taskIds: readonly string[],
  ): Promise<readonly (Counted & { readonly state: TaskState })[]>;
  /** Writes a round's decisions, and puts a token in the queue for each instance that is now queued. */
  commitDecisions(decisions: Decisions): Promise<void>;
}
