/**
 * The engine's store in memory, for one run: what `dag test` and `dagsmith/testing` use instead of PostgreSQL. It keeps the same guards,
 * so the engine cannot tell the difference; the scenario suite runs over both.
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
  ItemRange,
  LockedRun,
  NewCallback,
  NewInstance,
  QueueJob,
  Release,
  RunDates,
  TryResults,
  UnfinishedInstance,
} from "../store.ts";
import { afterMove, allows, type MemoryInstance } from "./instance.ts";

/** A wait that has begun. */
export interface MemoryWait {
  readonly instanceId: number;
  readonly tryNumber: number;
  readonly wait: Wait;
}

const RUN_ID = 1;

export class MemoryStore implements EngineTx {
  readonly #plan: Plan;
  readonly #instances: MemoryInstance[] = [];
  readonly #ids = new Map<string, number>();
  readonly #counters = new Map<string, TaskCounter>();
  readonly #xcoms = new Map<string, Map<number, Json>>();
  readonly #queue: QueueJob[] = [];
  readonly #waits: MemoryWait[] = [];
  readonly #callbacks: NewCallback[] = [];
  /** Updates of assets so far. */
  readonly assetUpdates: AssetUpdate[] = [];
  readonly #dates: RunDates;
  #run: RunProgress & { readonly state: RunState };

  /** @param dates when the run is; default: asked for by hand, at the beginning of 1970 */
  constructor(plan: Plan, dates: Partial<RunDates> = {}) {
    this.#plan = plan;
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

  /** The one run there is. */
  get run(): LockedRun {
    return { id: RUN_ID, plan: this.#plan, ...this.#run };
  }

  get instances(): readonly MemoryInstance[] {
    return this.#instances;
  }

  /** The next wake-up token, the oldest first; retries do not wait here. */
  takeJob(): QueueJob | undefined {
    return this.#queue.shift();
  }

  /** The wait that began first, taken out; time does not pass here, so whoever takes it says that it is over. */
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

  /** What a task left under a key: for a mapped task the list, in map order. Undefined when there is nothing. */
  xcom(taskId: string, key: string): Json | undefined {
    const values = this.#xcoms.get(`${taskId} ${key}`);
    const task = this.#plan.tasks.get(taskId);
    if (!task || !isMapped(task)) return values?.get(-1);
    return [...(values ?? [])].sort(([a], [b]) => a - b).map(([, value]) => value);
  }

  /** What one instance returned. */
  outputOf(taskId: string, mapIndex: number): Json | undefined {
    return this.#xcoms.get(`${taskId} return_value`)?.get(mapIndex);
  }

  pushXCom(taskId: string, mapIndex: number, key: string, value: Json): void {
    const name = `${taskId} ${key}`;
    const values = this.#xcoms.get(name) ?? new Map<number, Json>();
    this.#xcoms.set(name, values.set(mapIndex, value));
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
    const { outputs = [], labels = [], cleared = [], callbacks = [], assetUpdates = [] } = results;
    for (const { taskId, mapIndex, json } of outputs)
      this.pushXCom(taskId, mapIndex, "return_value", JSON.parse(json ?? "null") as Json);
    for (const { label, ...key } of labels) this.#label(key, label);
    this.#clearXComs(cleared);
    this.#callbacks.push(...callbacks);
    this.assetUpdates.push(...assetUpdates);
  }

  #label(key: InstanceKey, label: string): void {
    const instance = this.#find(key);
    if (instance) this.#instances[instance.id - 1] = { ...instance, label };
  }

  #clearXComs(instances: readonly InstanceKey[]): void {
    for (const { taskId, mapIndex } of instances) {
      for (const [name, values] of this.#xcoms)
        if (name.startsWith(`${taskId} `)) values.delete(mapIndex);
    }
  }

  /** What is to be called back since it was last asked for, oldest first. */
  takeCallbacks(): readonly NewCallback[] {
    return this.#callbacks.splice(0);
  }

  async output(
    _runId: number,
    taskId: string,
    mapIndex: number | "all",
  ): Promise<Json | undefined> {
    return mapIndex === "all" ? this.xcom(taskId, "return_value") : this.outputOf(taskId, mapIndex);
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

  async unfinished(): Promise<readonly UnfinishedInstance[]> {
    return this.#instances
      .filter(({ state }) => !isFinal(state) && state !== "none")
      .map(({ id, tryNumber, taskId, mapIndex, state }) => ({
        instanceId: id,
        tryNumber,
        taskId,
        mapIndex,
        state,
      }));
  }

  async groups(of: readonly InstanceKey[]): Promise<readonly GroupInstance[]> {
    const places = new Set(of.map(scopeKey));
    return this.#instances
      .filter((one) => one.state === "running" && places.has(scopeKey(one)))
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
    const isMeant = (at: number): boolean => group.mapIndex < 0 || at === group.mapIndex;
    const instances = this.#instances.filter(
      ({ taskId, mapIndex, state }) =>
        taskIds.includes(taskId) && isMeant(mapIndex) && state !== "none",
    );
    await this.apply(
      instances.map((one) => clear({ ...one, instanceId: one.id, began: one.workerId !== null })),
    );
    this.#clearXComs([...instances, group]);
    for (const [key, { taskId, mapIndex }] of this.#counters)
      if (taskIds.includes(taskId) && isMeant(mapIndex)) this.#counters.delete(key);
    return instances;
  }

  async runDates(): Promise<RunDates> {
    return this.#dates;
  }

  /** The one run there is, is the first. */
  async dependsOnPastMet(questions: readonly DependsOnPastWait[]): Promise<readonly boolean[]> {
    return questions.map(() => true);
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

  /** One that was cleared is made anew where it is, with its tries. */
  #insert({ wait, itemOf, ...made }: NewInstance): void {
    const cleared = this.#find(made);
    const id = cleared?.id ?? this.#instances.length + 1;
    const { tryNumber, lostTries, clearedTries } = cleared ?? {
      tryNumber: 1,
      lostTries: 0,
      clearedTries: 0,
    };
    const item =
      itemOf === undefined
        ? made.item
        : (this.#find({ taskId: itemOf, mapIndex: made.mapIndex })?.item ?? null);
    const workerId = made.state === "running" ? ENGINE : null;
    const began = workerId !== null;
    const blank = {
      generation: 0,
      workerId,
      label: null,
      pokes: 0,
      began,
      elapsedMs: 0,
      wasQueued: made.state === "queued",
    };
    this.#instances[id - 1] = { ...made, item, id, tryNumber, lostTries, clearedTries, ...blank };
    this.#ids.set(scopeKey(made), id);
    if (wait) this.#waits.push({ instanceId: id, tryNumber, wait });
    if (made.state === "queued") this.#queue.push({ instanceId: id, tryNumber, inMs: 0 });
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
