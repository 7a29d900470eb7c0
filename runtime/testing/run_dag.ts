/**
 * Runs a whole DAG in memory, in this process, one task after the other: the real engine
 * over a store in memory. `dag test` shows the result, and a test of a DAG asserts on it.
 */
import { DateTime } from "luxon";
import { type Dag, graphOf } from "../../sdk/dag/dag.ts";
import { describeDag } from "../../sdk/describe/describe_dag.ts";
import { DagsmithError } from "../../sdk/errors.ts";
import type { Json } from "../../sdk/json.ts";
import type { DagSpec } from "../../sdk/spec/index.ts";
import { type CallbackRequest, runCallback } from "../child/run_callback.ts";
import { runTry, type TaskHost, validParams } from "../child/run_try.ts";
import { beginRuns } from "../engine/advance/begin_runs.ts";
import type { MemoryInstance } from "../engine/memory/instance.ts";
import { MemoryStore } from "../engine/memory/store.ts";
import { isGroup, plannedTask } from "../engine/plan/plan.ts";
import { planOf } from "../engine/plan/plan_of.ts";
import { completeTries } from "../engine/results/complete_tries.ts";
import type { Outcome } from "../engine/results/outcome.ts";
import type { NewCallback } from "../engine/store.ts";
import { ENGINE, isFinal } from "../state/task_state.ts";
import { start } from "../state/transition.ts";
import type { Wait } from "../state/wait.ts";
import { mainSchedule, manualInterval, runIdOf } from "../timetable/index.ts";
import { callInMemory, type RunAs, returnedBy, type WholeRun } from "./calls.ts";
import type { DagRunEvent, DagRunResult, RunDagOptions, TaskResult } from "./dag_run.ts";
import { LocalFiles } from "./local_files.ts";
import {
  type InstanceInRun,
  type MemoryRun,
  memoryHost,
  type RunNotes,
  requestOf,
} from "./memory_host.ts";
import { memoryState, stateValues } from "./memory_state.ts";
import { restrict } from "./restrict.ts";
import { withStrayErrors } from "./stray_errors.ts";
import { Elapsed, endOfWait, pause, withinTime } from "./time.ts";
import { outcomeOf } from "./try_outcome.ts";

const WORKER = "this process";

/**
 * Runs a DAG. Time passes faster than in a deployment: retries follow at once; waits for
 * a time or for a run of another DAG are over when they begin; a sensor pokes again after
 * its interval or after a second, whichever is shorter, while its timeout counts the
 * interval. Callbacks run as they fall due. Deadlines and the timeouts of groups have no
 * effect.
 * @throws DagsmithError for a DAG that could not be deployed; UNKNOWN_TASK for `only`;
 *   INVALID_DATE; INVALID_PARAMS
 * @example
 * const run = await runDag(dag, {
 *   logicalDate: "2026-01-01",
 *   connections: { lake: "postgres://…" },
 * });
 * expect(run.state).toBe("success");
 */
export async function runDag(
  dag: Dag<unknown>,
  options: RunDagOptions = {},
): Promise<DagRunResult> {
  return (await runWhole(dag, options)).result;
}

/** @param as of a run that a task of another run calls */
async function runWhole(dag: Dag<unknown>, options: RunDagOptions, as?: RunAs): Promise<WholeRun> {
  const spec = restrict(describeDag(dag), options.only);
  await validParams(dag, options.params ?? {});
  const logicalDate = logicalDateOf(options.logicalDate, spec.timezone);
  const store = new MemoryStore(
    planOf(spec),
    { logicalDate },
    memoryState(options.state, spec.dagId),
  );
  const session = new Session(dag, spec, store, logicalDate, options, as);
  await beginRuns(store, [store.run]);
  session.reportNew();
  do {
    for (let token = store.takeJob(); token; token = store.takeJob()) {
      const [instance] = await store.apply([start(token, WORKER)]);
      if (instance) await session.attempt(store.instance(instance.id) as MemoryInstance);
    }
  } while (await session.passWait());
  await session.callBackRun();
  return session.whole();
}

class Session {
  #results: { readonly id: number; readonly task: TaskResult }[] = [];
  readonly #dag: Dag<unknown>;
  readonly #spec: DagSpec;
  readonly #store: MemoryStore;
  readonly #options: RunDagOptions;
  /** Instances whose end was reported. */
  readonly #reported = new Set<number>();
  /**
   * Groups that wait for their next try, by instance and try. They are reported too,
   * although no try of theirs runs here.
   */
  readonly #waiting = new Set<string>();
  readonly #elapsed = new Elapsed();
  readonly notes: RunNotes = { labels: {}, note: null };
  readonly #calls: DagRunResult["calls"][number][] = [];
  readonly #as: RunAs | undefined;
  readonly files: LocalFiles;
  readonly #interval: { readonly start: Date; readonly end: Date };
  readonly logicalDate: string;

  constructor(
    dag: Dag<unknown>,
    spec: DagSpec,
    store: MemoryStore,
    date: Date,
    options: RunDagOptions,
    as: RunAs | undefined,
  ) {
    this.#as = as;
    this.#dag = dag;
    this.#spec = spec;
    this.#store = store;
    this.#options = options;
    this.files = new LocalFiles(options.files, options.filesFolder);
    this.logicalDate = date.toISOString();
    this.#interval = as?.interval ?? manualInterval(mainSchedule(spec), date);
  }

  get #run(): MemoryRun {
    return {
      ...{ store: this.#store, spec: this.#spec, options: this.#options, runId: this.runId },
      ...{ logicalDate: this.logicalDate, interval: this.#interval, notes: this.notes },
      files: this.files,
    };
  }

  /** The run after its end. */
  whole(): WholeRun {
    const returned = returnedBy(this.#spec, this.runId, this.#store);
    const isSuccess = this.#store.run.state === "success" && returned.kind === "resumed";
    return {
      returned,
      result: {
        ...{ state: this.#store.run.state, runId: this.runId, logicalDate: this.logicalDate },
        output: isSuccess ? (JSON.parse(returned.output ?? "null") as Json) : null,
        tasks: this.#results.map(({ task }) => task),
        calls: this.#calls,
        assets: this.#store.assetUpdates.map(({ taskId, mapIndex, uri, extra }) => ({
          ...{ taskId, mapIndex, uri, extra },
        })),
        ...this.notes,
        files: this.files.stored,
        stateValues: stateValues(this.#store.state, this.#spec.dagId),
        xcom: (taskId, key = "return_value") => this.#store.xcom(taskId, key),
      },
    };
  }

  get runId(): string {
    if (this.#as) return this.#as.runId;
    return runIdOf("manual", {
      schedule: mainSchedule(this.#spec),
      runAfter: new Date(this.logicalDate),
      dataInterval: this.#interval,
    });
  }

  async attempt(instance: MemoryInstance): Promise<void> {
    const { id, taskId } = instance;
    const ref = graphOf(this.#dag).find(taskId);
    if (!ref) return;
    this.#began(instance);
    const startedAt = performance.now();
    const { spec } = plannedTask(this.#store.run.plan, taskId);
    const outcome = await withinTime(
      spec,
      this.#elapsed.of(id),
      this.#options.signal,
      async (signal) =>
        outcomeOf(
          await withStrayErrors(() =>
            runTry(this.#dag, ref, requestOf(this.#run, instance), this.#host(instance), signal),
          ),
        ),
    );
    const durationMs = performance.now() - startedAt;
    this.#elapsed.add(id, durationMs);
    await this.#complete(instance, outcome);
    this.#report(this.#store.instance(id) as MemoryInstance, durationMs);
    this.reportNew();
  }

  /**
   * Ends the wait that began first.
   * @returns false when nothing waits
   */
  async passWait(): Promise<boolean> {
    let over = this.#store.takeWait();
    // A group has no time limit here; its tasks keep their own.
    while (over?.wait.kind === "group_timeout") over = this.#store.takeWait();
    const instance = over && this.#store.instance(over.instanceId);
    if (!over || !instance) return false;
    if (over.wait.kind === "poke") {
      const ms = over.wait.inMs ?? 0;
      this.#elapsed.add(instance.id, ms);
      await pause(ms, this.#options.signal);
      if (!this.#options.signal?.aborted) {
        await this.#store.wakeSensor(over);
        return true;
      }
      await this.#complete(instance, {
        kind: "cancelled",
        state: instance.state,
        reason: "stopped",
      });
    } else await this.#complete(instance, await this.#endOf(over.wait, instance));
    const now = this.#store.instance(instance.id) as MemoryInstance;
    if (over.wait.kind === "group_retry") this.#began(now);
    else this.#report(now, 0);
    this.reportNew();
    return true;
  }

  async #endOf(wait: Wait, instance: MemoryInstance): Promise<Outcome> {
    const ref = graphOf(this.#dag).find(instance.taskId);
    if (!wait.call || !ref) return endOfWait(wait, this.#options.events ?? {});
    const { dagId } = this.#spec;
    const from = { ...this.#run, dagId };
    const { outcome, run } = await callInMemory(ref, wait.call, instance, from, runWhole);
    const { taskId, mapIndex } = instance;
    if (run) this.#calls.push({ taskId, mapIndex, run });
    return outcome;
  }

  async #complete(instance: MemoryInstance, outcome: Outcome): Promise<void> {
    const { id, taskId, mapIndex, tryNumber, lostTries, runId, pokes } = instance;
    const elapsedMs = this.#elapsed.of(id);
    const end = {
      instanceId: id,
      tryNumber,
      lostTries,
      runId,
      taskId,
      mapIndex,
      workerId: WORKER,
      elapsedMs,
      pokes,
    };
    await completeTries(this.#store, [{ ...end, outcome }]);
    for (const callback of this.#store.takeCallbacks()) await this.#callBack(callback);
  }

  async #callBack({ instanceId, tryNumber, event, reason, error }: NewCallback): Promise<void> {
    const instance = this.#store.instance(instanceId);
    // The instance may be at its next try already.
    if (instance)
      await this.#runCallback(
        { ...instance, tryNumber },
        { event, ofRun: false, ordinal: 0, reason, error, url: null },
      );
  }

  /** Runs the callbacks of the run's end, when the DAG has any. */
  async callBackRun(): Promise<void> {
    const event = this.#store.run.state === "success" ? "onSuccess" : "onFailure";
    const nobody = { taskId: "", mapIndex: -1, tryNumber: 0, item: null };
    if (this.#spec.callbacks?.includes(event))
      await this.#runCallback(nobody, {
        ...{ event, ofRun: true, ordinal: 0, reason: null, error: null, url: null },
      });
  }

  /** A callback that fails changes nothing; its failure is reported. */
  async #runCallback(
    of: Pick<MemoryInstance, "taskId" | "mapIndex" | "tryNumber" | "item">,
    callback: CallbackRequest,
  ): Promise<void> {
    const host = this.#host(of);
    const result = await runCallback(
      this.#dag,
      requestOf(this.#run, of),
      callback,
      host,
      this.#options.signal ?? new AbortController().signal,
    );
    if (result.outcome === "failed")
      host.log("error", `${callback.event} failed: ${result.error.name}: ${result.error.message}`);
  }

  #began({ taskId, mapIndex, tryNumber }: MemoryInstance): void {
    this.#emit({ type: "started", taskId, mapIndex, tryNumber });
  }

  /**
   * Reports tasks that ended without running (skipped, upstream failed, or without a
   * body), and groups.
   */
  reportNew(): void {
    for (const instance of this.#store.instances) {
      const { workerId, state } = instance;
      if (!isFinal(state)) this.#forget(instance);
      if ((workerId === null || workerId === ENGINE) && isFinal(state) && state !== "removed")
        this.#report(instance, 0);
    }
    for (const one of this.#store.instances)
      if (one.state === "up_for_retry" && this.#isGroup(one)) this.#reportWaiting(one);
  }

  /** A group starts its tasks again: their former ends are no result of the run. */
  #forget({ id }: MemoryInstance): void {
    if (this.#reported.delete(id)) this.#results = this.#results.filter((one) => one.id !== id);
  }

  #isGroup({ taskId }: MemoryInstance): boolean {
    return isGroup(plannedTask(this.#store.run.plan, taskId).spec);
  }

  #reportWaiting(group: MemoryInstance): void {
    const name = `${group.id}#${group.tryNumber}`;
    if (!this.#waiting.has(name)) this.#report(group, 0);
    this.#waiting.add(name);
  }

  #report(instance: MemoryInstance, durationMs: number): void {
    const { id, taskId, mapIndex, label, state, tryNumber, reason, error } = instance;
    if (this.#reported.has(id)) return;
    const { members = [] } = this.#store.run.plan.tasks.get(taskId) ?? {};
    // The value that a loop of a group passes on is stored with the group; it is the
    // output of one of its tasks.
    const output = members.length > 0 ? null : (this.#store.outputOf(taskId, mapIndex) ?? null);
    const warning =
      state === "failed" && this.#store.run.plan.tasks.get(taskId)?.spec.allowFailure === true;
    const task: TaskResult = {
      taskId,
      mapIndex,
      label,
      state,
      tryNumber,
      durationMs,
      output,
      reason,
      error,
      warning,
    };
    if (isFinal(state)) {
      this.#reported.add(id);
      this.#results.push({ id, task });
    }
    this.#emit({ type: "ended", task });
  }

  #host(of: InstanceInRun): TaskHost {
    return memoryHost(this.#run, of, (event) => this.#emit(event));
  }

  #emit(event: DagRunEvent): void {
    this.#options.onEvent?.(event);
  }
}

function logicalDateOf(text: string | undefined, zone: string): Date {
  const date = text === undefined ? DateTime.now() : DateTime.fromISO(text, { zone });
  if (!date.isValid)
    throw new DagsmithError("INVALID_DATE", { found: `"${text}"`, where: "the logical date" });
  return date.toJSDate();
}
