/**
 * What the engine asks of a store. There are two: PostgreSQL, and the memory of `dag
 * test`. All of it happens in one transaction on locked runs, so the engine reads,
 * decides and writes without a race.
 */

import type { Json } from "../../sdk/json.ts";
import type { TaskEvent } from "../../sdk/spec/index.ts";
import type { RunProgress, RunState } from "../state/run_state.ts";
import type { StoredError } from "../state/stored_error.ts";
import type { FinalState, TaskState, TryRef } from "../state/task_state.ts";
import type { Transition } from "../state/transition.ts";
import type { Wait } from "../state/wait.ts";
import type { Counts } from "./counts/counts.ts";
import type { InstanceKey, Scope } from "./counts/scope.ts";
import type { TaskCounter } from "./counts/task_counter.ts";
import type { Route } from "./limits/limits.ts";
import type { Plan } from "./plan/plan.ts";
import type { StateChange } from "./results/outcome.ts";

/** A run whose row this transaction holds. */
export interface LockedRun extends RunProgress {
  readonly id: number;
  readonly state: RunState;
  readonly plan: Plan;
  /** Whether a person has limited how many tasks run at once in the whole deployment. */
  readonly isGloballyLimited?: boolean;
  /** Whether the run belongs to a backfill. */
  readonly isBackfill?: boolean;
  /** Whether a task of another run called it, and may wait for its end. */
  readonly isCalled?: boolean;
}

/** A value to be stored: JSON text, or the name of the file that holds a larger value. */
export type KeptJson =
  | { readonly json: string; readonly file: null }
  | { readonly json: null; readonly file: string };

/** Stands for an output in a file, which only workers read. */
export const IN_A_FILE: unique symbol = Symbol("in a file");

/** The dates of a run, and what created it. */
export interface RunDates {
  /** The store's clock. */
  readonly now: Date;
  readonly runType: string;
  readonly schedule: string | null;
  readonly logicalDate: Date;
  readonly dataInterval: { readonly start: Date; readonly end: Date };
}

/** A task that waits for the run before its own (depends_on_past). */
export interface DependsOnPastWait {
  readonly runId: number;
  readonly taskId: string;
}

/** An instance after a transition moved it. */
export interface MovedInstance extends InstanceKey {
  readonly id: number;
  readonly state: TaskState;
  readonly tryNumber: number;
  /** Whether a try has started since the instance was created or last cleared. */
  readonly began: boolean;
}

/** An instance that a worker has just claimed. */
export interface ClaimedInstance extends MovedInstance {
  readonly lostTries: number;
  /** Tries before the instance was last cleared. */
  readonly clearedTries: number;
  /**
   * How often its run was cleared. What a worker caches of the run is valid for one
   * generation.
   */
  readonly generation: number;
  readonly item: Json;
  /** Pokes of this try so far. */
  readonly pokes: number;
  /** Since the start of the first try, by the database's clock; 0 before it. */
  readonly elapsedMs: number;
}

/** The current try of a group instance. */
export interface GroupInstance extends InstanceKey, TryRef {
  readonly clearedTries: number;
  /**
   * Why the group instance must fail while it still runs: it took too long, or was
   * stopped.
   */
  readonly reason: string | null;
  /** Since the start of its first try. */
  readonly elapsedMs: number;
}

/** An instance with its state. */
export interface InstanceInState extends TryRef, InstanceKey {
  readonly state: TaskState;
}

/** A task instance to be created. */
export interface NewInstance extends InstanceKey {
  /** `running`: a group instance, which no worker runs. */
  readonly state: "scheduled" | "queued" | "running" | "deferred" | FinalState;
  readonly item: Json;
  /** The mapped group whose instance at the same map index has the item. */
  readonly itemOf?: string;
  readonly reason: string | null;
  readonly error: StoredError | null;
  /** What a deferred instance waits for, or the time limit of a group instance. */
  readonly wait?: Wait;
  /**
   * How the instance gets to a worker. With reservations it requests slots before it is
   * queued.
   */
  readonly route: Route;
  /** The caller starts it in the same transaction, so it needs no job. */
  readonly isTaken?: true;
}

/** A job of the queue: "look at this instance, at this try", now or later. */
export interface QueueJob {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly inMs: number;
}

/** A job and how it gets to a worker. With reservations it requests slots first. */
export interface RoutedJob extends QueueJob {
  readonly route: Route;
}

/** An update of an asset by a task that succeeded. */
export interface AssetUpdate extends InstanceKey {
  readonly uri: string;
  /** The alias under which the task named the asset; null for an outlet. */
  readonly alias: string | null;
  readonly extra: Json;
}

/**
 * Scheduled items of a mapped task to be queued, or of a mapped group to be started: the
 * first ones from the map index `from`, `to - from` of them.
 */
export interface ItemRange {
  readonly runId: number;
  readonly taskId: string;
  readonly from: number;
  readonly to: number;
}

export interface Release extends ItemRange {
  readonly route: Route;
}

/** A callback of a task, to run because a try ended. */
export interface NewCallback {
  readonly runId: number;
  readonly instanceId: number;
  /** The try that ended. */
  readonly tryNumber: number;
  readonly event: TaskEvent;
  readonly reason: string | null;
  readonly error: StoredError | null;
}

/** What ended tries leave behind. */
export interface TryResults {
  /** Stored under the key return_value. */
  readonly outputs?: readonly (KeptJson & InstanceKey)[];
  /**
   * The names that people see instead of map indices; an instance may be in here twice.
   */
  readonly labels?: readonly (InstanceKey & { readonly label: string })[];
  /** Instances whose XComs are deleted. */
  readonly cleared?: readonly InstanceKey[];
  readonly callbacks?: readonly NewCallback[];
  readonly assetUpdates?: readonly AssetUpdate[];
  readonly state?: readonly StateUpdate[];
  /** Steps that sleep: they are done when their tasks run again. */
  readonly steps?: readonly SleepingStep[];
}

/** A step that sleeps. One of `at` (ISO 8601) and `inMs` is null. */
export interface SleepingStep extends InstanceKey {
  readonly name: string;
  readonly tryNumber: number;
  readonly at: string | null;
  readonly inMs: number | null;
}

/** A value that a successful try set. Its scope is as it is stored. */
export interface StateUpdate extends StateChange, InstanceKey {
  readonly tryNumber: number;
}

/** Everything that the engine decided in one transaction. */
export interface Decisions {
  readonly instances: readonly NewInstance[];
  readonly jobs: readonly RoutedJob[];
  readonly releases: readonly Release[];
  readonly counters: readonly TaskCounter[];
  readonly runs: readonly (RunProgress & { readonly id: number; readonly state: RunState })[];
  /** Tasks that now wait for the run before, and tasks that wait no longer. */
  readonly dependsOnPast: {
    readonly waits: readonly DependsOnPastWait[];
    readonly ended: readonly DependsOnPastWait[];
  };
}

export interface EngineTx {
  /**
   * Locks runs in the order of their ids. Runs that do not exist are missing in the
   * result.
   */
  lockRuns(ids: readonly number[]): Promise<readonly LockedRun[]>;
  /**
   * Applies transitions where the state and the try of the row allow it. @returns what
   * moved
   */
  apply(transitions: readonly Transition[]): Promise<readonly MovedInstance[]>;
  storeResults(results: TryResults): Promise<void>;
  /**
   * The output of one instance; `all`: the list of the outputs of all instances, in map
   * order. Undefined when there is none.
   */
  output(
    runId: number,
    taskId: string,
    mapIndex: number | "all",
  ): Promise<Json | undefined | typeof IN_A_FILE>;
  /**
   * How many instances of tasks are in which final state; tasks without any are missing.
   * @param mapIndex null for all
   */
  endsOf(
    runId: number,
    taskIds: readonly string[],
    mapIndex: number | null,
  ): Promise<ReadonlyMap<string, Counts>>;
  /** The instances of runs that can still move. */
  unfinished(runIds: readonly number[]): Promise<readonly InstanceInState[]>;
  /**
   * The instances of tasks; cleared ones are missing.
   * @param mapIndex null for all
   */
  instancesOf(
    runId: number,
    taskIds: readonly string[],
    mapIndex: number | null,
  ): Promise<readonly InstanceInState[]>;
  runDates(runId: number): Promise<RunDates>;
  /** Whether the run before allows each of these tasks, in their order. */
  dependsOnPastMet(waits: readonly DependsOnPastWait[]): Promise<readonly boolean[]>;
  /** The counters of these scopes that exist. */
  loadCounters(scopes: readonly Scope[]): Promise<readonly TaskCounter[]>;
  /** The group instances among these that run. */
  groups(instances: readonly InstanceKey[]): Promise<readonly GroupInstance[]>;
  /** Starts scheduled instances of a mapped group. @returns their map indices */
  beginGroups(range: ItemRange, wait: Wait | undefined): Promise<readonly number[]>;
  /**
   * Clears all instances in a group instance, and deletes their XComs and counters.
   * @param taskIds of all tasks in the group
   * @returns the instances as they were
   */
  clearWithin(
    group: InstanceKey,
    taskIds: readonly string[],
  ): Promise<readonly (InstanceKey & { readonly state: TaskState })[]>;
  /**
   * Writes decisions, and puts a job into the queue for each instance that is queued by
   * them and not taken.
   * @throws Error when a counter belongs to a run that this transaction did not lock
   */
  save(decisions: Decisions): Promise<void>;
}
