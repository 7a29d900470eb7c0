/**
 * The engine's store in memory, for one run: `dag test` and `dagsmith/testing` use it
 * instead of PostgreSQL. It has the same guards, and the tests of the engine run over
 * both stores.
 */
import type { Json } from "../../../sdk/json.ts";
import type { RunProgress, RunState } from "../../state/run_state.ts";
import { ENGINE, isFinal } from "../../state/task_state.ts";
import { clear, type Transition, wake } from "../../state/transition.ts";
import type { Wait } from "../../state/wait.ts";
import { added, type Counts, countsOf, NOTHING } from "../counts/counts.ts";
import { type InstanceKey, type Scope, scopeKey } from "../counts/scope.ts";
import type { TaskCounter } from "../counts/task_counter.ts";
import { isMapped, type Plan } from "../plan/plan.ts";
import type {
  AssetUpdate,
  ClaimedInstance,
  Decisions,
  DependsOnPastWait,
  EngineTx,
  GroupInstance,
  InstanceInState,
  ItemRange,
  LockedRun,
  NewCallback,
  NewInstance,
  QueueJob,
  Release,
  RunDates,
  TryResults,
} from "../store.ts";
import { afterMove, allows, created, type MemoryInstance } from "./instance.ts";
import { MemoryState } from "./state.ts";
import { MemoryXComs } from "./xcoms.ts";

/** A wait that has begun. */
export interface MemoryWait {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly wait: Wait;
}

/** An instance of the only run. */
type MemoryKey = Pick<InstanceKey, "taskId" | "mapIndex">;

const RUN_ID = 1;
const RETURN_VALUE = "return_value";

export class MemoryStore implements EngineTx {
  readonly #plan: Plan;
  readonly #instances: MemoryInstance[] = [];
  readonly #ids = new Map<string, number>();
  readonly #counters = new Map<string, TaskCounter>();
  readonly #xcoms = new MemoryXComs();
  readonly #queue: QueueJob[] = [];
  readonly #waits: MemoryWait[] = [];
  readonly #callbacks: NewCallback[] = [];
  readonly #steps = new Map<string, ReadonlyMap<string, string | null>>();
  /** All asset updates so far. */
  readonly assetUpdates: AssetUpdate[] = [];
  /** The state that tasks set. */
  readonly state: MemoryState;
  readonly #dates: RunDates;
  #run: RunProgress & { readonly state: RunState };

  /**
   * @param dates of the run. Default: a manual run with the logical date 1970-01-01
   * @param state of earlier runs. Default: none
   */
  constructor(plan: Plan, dates: Partial<RunDates> = {}, state = new MemoryState()) {
    this.#plan = plan;
    this.state = state;
    const epoch = new Date(0);
    const interval = { start: dates.logicalDate ?? epoch, end: dates.logicalDate ?? epoch };
    this.#dates = {
      now: epoch,
      runType: "manual",
      schedule: null,
      logicalDate: epoch,
      dataInterval: interval,
      ...dates,
    };
    this.#run = { state: "running", openTasks: plan.tasks.size, failedLeaves: 0, warnings: 0 };
  }

  /** The only run of the store. */
  get run(): LockedRun {
    return { id: RUN_ID, plan: this.#plan, ...this.#run };
  }

  get instances(): readonly MemoryInstance[] {
    return this.#instances;
  }

  /** Takes the oldest job out of the queue. Retries do not wait in it. */
  takeJob(): QueueJob | undefined {
    return this.#queue.shift();
  }

  /**
   * Takes out the wait that began first. Time does not pass here: the caller ends the
   * wait.
   */
  takeWait(): MemoryWait | undefined {
    return this.#waits.shift();
  }

  /** A sensor's next poke is due. */
  async wakeSensor({ instanceId, tryNumber }: MemoryWait): Promise<void> {
    const woken = await this.apply([wake({ instanceId, tryNumber })]);
    for (const { id } of woken) this.#queue.push({ instanceId: id, tryNumber, inMs: 0 });
  }

  instance(id: number): MemoryInstance | undefined {
    return this.#instances[id - 1];
  }

  /** The value of a task under a key; of a mapped task the list, in map order. */
  xcom(taskId: string, key: string): Json | undefined {
    const task = this.#plan.tasks.get(taskId);
    return task && isMapped(task)
      ? this.#xcoms.list(taskId, key)
      : this.#xcoms.get(taskId, -1, key);
  }

  /** The output of one instance. */
  outputOf(taskId: string, mapIndex: number): Json | undefined {
    return this.#xcoms.get(taskId, mapIndex, RETURN_VALUE);
  }

  pushXCom(taskId: string, mapIndex: number, key: string, value: Json): void {
    this.#xcoms.set(taskId, mapIndex, key, value);
  }

  async lockRuns(): Promise<readonly LockedRun[]> {
    return [this.run];
  }

  async apply(transitions: readonly Transition[]): Promise<readonly ClaimedInstance[]> {
    return transitions.flatMap((transition) => {
      const instance = this.instance(transition.instanceId);
      if (!instance || !allows(instance, transition)) return [];
      const moved = afterMove(instance, transition);
      if (transition.wait)
        this.#waits.push({
          instanceId: moved.id,
          tryNumber: moved.tryNumber,
          wait: transition.wait,
        });
      this.#instances[transition.instanceId - 1] = moved;
      return [moved];
    });
  }

  async storeResults(results: TryResults): Promise<void> {
    const { outputs = [], labels = [], cleared = [], callbacks = [] } = results;
    const { assetUpdates = [], state = [], steps = [] } = results;
    for (const { taskId, mapIndex, json } of outputs)
      this.pushXCom(taskId, mapIndex, RETURN_VALUE, JSON.parse(json ?? "null") as Json);
    for (const { label, ...key } of labels) this.#label(key, label);
    for (const { taskId, mapIndex } of cleared) this.#xcoms.delete(taskId, mapIndex);
    this.#callbacks.push(...callbacks);
    this.assetUpdates.push(...assetUpdates);
    for (const step of steps) this.finishStep(step, step.name, null);
    for (const change of state) this.state.change(change, this.#dates.now.toISOString());
  }

  /** The steps of an instance that are done: results by name, as JSON text. */
  stepsOf({ taskId, mapIndex }: MemoryKey): Readonly<Record<string, string | null>> {
    return Object.fromEntries(this.#steps.get(`${taskId} ${mapIndex}`) ?? []);
  }

  finishStep({ taskId, mapIndex }: MemoryKey, name: string, json: string | null): void {
    const key = `${taskId} ${mapIndex}`;
    this.#steps.set(key, new Map([...(this.#steps.get(key) ?? []), [name, json]]));
  }

  #label(key: InstanceKey, label: string): void {
    const instance = this.#find(key);
    if (instance) this.#instances[instance.id - 1] = { ...instance, label };
  }

  /** The callbacks since the last call, oldest first. */
  takeCallbacks(): readonly NewCallback[] {
    return this.#callbacks.splice(0);
  }

  async output(
    _runId: number,
    taskId: string,
    mapIndex: number | "all",
  ): Promise<Json | undefined> {
    return mapIndex === "all" ? this.xcom(taskId, RETURN_VALUE) : this.outputOf(taskId, mapIndex);
  }

  async endsOf(
    _runId: number,
    taskIds: readonly string[],
    at: number | null,
  ): Promise<ReadonlyMap<string, Counts>> {
    const ends = new Map<string, Counts>();
    for (const { taskId, mapIndex, state } of this.#instances) {
      if (taskIds.includes(taskId) && (at === null || mapIndex === at) && isFinal(state))
        ends.set(taskId, added(ends.get(taskId) ?? NOTHING, countsOf(state)));
    }
    return ends;
  }

  async unfinished(): Promise<readonly InstanceInState[]> {
    return this.#instances
      .filter(({ state }) => !isFinal(state) && state !== "none")
      .map(({ id, ...instance }) => ({ instanceId: id, ...instance }));
  }

  async instancesOf(
    _runId: number,
    taskIds: readonly string[],
    at: number | null,
  ): Promise<readonly InstanceInState[]> {
    return this.#instances
      .filter(
        ({ taskId, mapIndex, state }) =>
          taskIds.includes(taskId) && (at === null || mapIndex === at) && state !== "none",
      )
      .map(({ id, ...instance }) => ({ instanceId: id, ...instance }));
  }

  async groups(instances: readonly InstanceKey[]): Promise<readonly GroupInstance[]> {
    const keys = new Set(instances.map(scopeKey));
    return this.#instances
      .filter((one) => one.state === "running" && keys.has(scopeKey(one)))
      .map((one) => ({ ...one, instanceId: one.id }));
  }

  async beginGroups(
    { taskId, from, to }: ItemRange,
    wait: Wait | undefined,
  ): Promise<readonly number[]> {
    const waiting = this.#instances.filter(
      (one) => one.taskId === taskId && one.mapIndex >= from && one.state === "scheduled",
    );
    const next = waiting.toSorted((a, b) => a.mapIndex - b.mapIndex).slice(0, to - from);
    for (const one of next) {
      this.#instances[one.id - 1] = { ...one, state: "running", workerId: ENGINE };
      if (wait) this.#waits.push({ instanceId: one.id, tryNumber: one.tryNumber, wait });
    }
    return next.map(({ mapIndex }) => mapIndex);
  }

  async clearWithin(
    group: InstanceKey,
    taskIds: readonly string[],
  ): Promise<readonly MemoryInstance[]> {
    const isInside = (at: number): boolean => group.mapIndex < 0 || at === group.mapIndex;
    const instances = this.#instances.filter(
      ({ taskId, mapIndex, state }) =>
        taskIds.includes(taskId) && isInside(mapIndex) && state !== "none",
    );
    await this.apply(
      instances.map((one) => clear({ ...one, instanceId: one.id, began: one.workerId !== null })),
    );
    for (const { taskId, mapIndex } of [...instances, group]) this.#xcoms.delete(taskId, mapIndex);
    for (const [key, { taskId, mapIndex }] of this.#counters)
      if (taskIds.includes(taskId) && isInside(mapIndex)) this.#counters.delete(key);
    return instances;
  }

  async runDates(): Promise<RunDates> {
    return this.#dates;
  }

  /** The store has no run before. */
  async dependsOnPastMet(waits: readonly DependsOnPastWait[]): Promise<readonly boolean[]> {
    return waits.map(() => true);
  }

  async loadCounters(scopes: readonly Scope[]): Promise<readonly TaskCounter[]> {
    return scopes.flatMap((scope) => this.#counters.get(scopeKey(scope)) ?? []);
  }

  async save({ instances, jobs, releases, counters, runs }: Decisions): Promise<void> {
    for (const instance of instances) this.#insert(instance);
    for (const release of releases) this.#release(release);
    this.#queue.push(...jobs);
    for (const counter of counters) this.#counters.set(scopeKey(counter), counter);
    for (const { id: _, ...run } of runs) this.#run = run;
  }

  /**
   * A cleared instance is created again in its row, and keeps the numbers of its tries.
   */
  #insert(instance: NewInstance): void {
    const { wait, itemOf, mapIndex, state } = instance;
    const cleared = this.#find(instance);
    const id = cleared?.id ?? this.#instances.length + 1;
    const group = itemOf === undefined ? undefined : this.#find({ taskId: itemOf, mapIndex });
    const item = itemOf === undefined ? instance.item : (group?.item ?? null);
    const made = created({ ...instance, item }, id, cleared);
    this.#instances[id - 1] = made;
    this.#ids.set(scopeKey(instance), id);
    const { tryNumber } = made;
    if (wait) this.#waits.push({ instanceId: id, tryNumber, wait });
    if (state === "queued") this.#queue.push({ instanceId: id, tryNumber, inMs: 0 });
  }

  #find({
    taskId,
    mapIndex,
  }: Pick<NewInstance, "taskId" | "mapIndex">): MemoryInstance | undefined {
    const id = this.#ids.get(scopeKey({ runId: RUN_ID, taskId, mapIndex }));
    return id === undefined ? undefined : this.instance(id);
  }

  #release({ taskId, from, to }: Release): void {
    for (const [index, instance] of this.#instances.entries()) {
      if (
        instance.taskId !== taskId ||
        instance.state !== "scheduled" ||
        instance.mapIndex < from ||
        instance.mapIndex >= to
      )
        continue;
      this.#instances[index] = { ...instance, state: "queued", wasQueued: true };
      this.#queue.push({ instanceId: instance.id, tryNumber: instance.tryNumber, inMs: 0 });
    }
  }
}
