/**
 * One run in memory while it runs: its tries, one after the other, and its waits, which
 * end without waiting.
 */
import { graphOf } from "../../sdk/dag/dag.ts";
import type { TaskRef } from "../../sdk/task/task_ref.ts";
import { runTry } from "../child/run_try.ts";
import type { MemoryInstance } from "../engine/memory/instance.ts";
import type { MemoryWait } from "../engine/memory/store.ts";
import { plannedTask } from "../engine/plan/plan.ts";
import { completeTries } from "../engine/results/complete_tries.ts";
import type { Outcome } from "../engine/results/outcome.ts";
import { start } from "../state/transition.ts";
import type { Wait } from "../state/wait.ts";
import { answerInMemory } from "./answers.ts";
import { runRunCallbacks, runTaskCallback } from "./callbacks.ts";
import { callInMemory, type RunWhole } from "./calls.ts";
import type { DagRunResult } from "./dag_run.ts";
import { memoryHost, requestOf } from "./memory_host.ts";
import type { MemoryRun } from "./memory_run.ts";
import { type Emit, Reports } from "./reports.ts";
import { withStrayErrors } from "./stray_errors.ts";
import { Elapsed, endOfWait, pause, withinTime } from "./time.ts";
import { outcomeOf } from "./try_outcome.ts";

const WORKER = "this process";

export class Session {
  readonly calls: DagRunResult["calls"][number][] = [];
  readonly reports: Reports;
  readonly #run: MemoryRun;
  readonly #store: MemoryRun["store"];
  readonly #runWhole: RunWhole;
  readonly #elapsed = new Elapsed();
  readonly #emit: Emit;

  /** @param runWhole runs the DAG that a task calls */
  constructor(run: MemoryRun, runWhole: RunWhole) {
    this.#run = run;
    this.#store = run.store;
    this.#runWhole = runWhole;
    this.#emit = (event) => run.options.onEvent?.(event);
    this.reports = new Reports(run.store, this.#emit);
  }

  /** Runs the tries that are queued, and those that they queue. */
  async runQueued(): Promise<void> {
    for (let job = this.#store.takeJob(); job; job = this.#store.takeJob()) {
      const [instance] = await this.#store.apply([start(job, WORKER)]);
      if (instance) await this.#attempt(this.#instance(instance.id));
    }
  }

  /**
   * Ends the wait that began first.
   * @returns false when nothing waits
   */
  async passWait(): Promise<boolean> {
    const due = this.#takeWait();
    if (!due || !this.#store.instance(due.instanceId)) return false;
    if (due.wait.kind === "poke") await this.#pauseBeforePoke(due);
    else await this.#endWait(due);
    return true;
  }

  async callBackRun(): Promise<void> {
    await runRunCallbacks(this.#run, this.#emit);
  }

  async #attempt(instance: MemoryInstance): Promise<void> {
    const ref = this.#refOf(instance);
    if (!ref) return;
    this.reports.started(instance);
    const startedAt = performance.now();
    const outcome = await this.#perform(ref, instance);
    const durationMs = performance.now() - startedAt;
    this.#elapsed.add(instance.id, durationMs);
    await this.#complete(instance, outcome);
    this.#reportEnd(instance, durationMs);
  }

  async #perform(ref: TaskRef<unknown>, instance: MemoryInstance): Promise<Outcome> {
    const run = this.#run;
    const { spec } = plannedTask(this.#store.run.plan, instance.taskId);
    const elapsedMs = this.#elapsed.of(instance.id);
    const host = memoryHost(run, instance, this.#emit);
    return withinTime(spec, elapsedMs, run.options.signal, async (signal) =>
      outcomeOf(
        await withStrayErrors(() => runTry(run.dag, ref, requestOf(run, instance), host, signal)),
      ),
    );
  }

  /** A group has no time limit here; its tasks keep their own. */
  #takeWait(): MemoryWait | undefined {
    let due = this.#store.takeWait();
    while (due?.wait.kind === "group_timeout") due = this.#store.takeWait();
    return due;
  }

  async #pauseBeforePoke(due: MemoryWait): Promise<void> {
    const { signal } = this.#run.options;
    const instance = this.#instance(due.instanceId);
    const ms = due.wait.inMs ?? 0;
    this.#elapsed.add(instance.id, ms);
    await pause(ms, signal);
    if (!signal?.aborted) return this.#store.wakeSensor(due);
    await this.#complete(instance, {
      kind: "cancelled",
      state: instance.state,
      reason: "stopped",
    });
    this.#reportEnd(instance, 0);
  }

  async #endWait({ wait, instanceId }: MemoryWait): Promise<void> {
    const instance = this.#instance(instanceId);
    await this.#complete(instance, await this.#endOf(wait, instance));
    if (wait.kind !== "group_retry") return this.#reportEnd(instance, 0);
    this.reports.started(this.#instance(instanceId));
    this.reports.reportNew();
  }

  async #endOf(wait: Wait, instance: MemoryInstance): Promise<Outcome> {
    const ref = this.#refOf(instance);
    const { ask: question } = plannedTask(this.#store.run.plan, instance.taskId).spec;
    if (wait.ask && question) {
      const asked = { dagId: this.#run.spec.dagId, question, ask: wait.ask, instance };
      return answerInMemory(asked, this.#run.options);
    }
    if (!wait.call || !ref) return endOfWait(wait, this.#run.options.events ?? {});
    const from = { ...this.#run, dagId: this.#run.spec.dagId };
    const { outcome, run } = await callInMemory(ref, wait.call, instance, from, this.#runWhole);
    const { taskId, mapIndex } = instance;
    if (run) this.calls.push({ taskId, mapIndex, run });
    return outcome;
  }

  async #complete(instance: MemoryInstance, outcome: Outcome): Promise<void> {
    const { id: instanceId, taskId, mapIndex, tryNumber, lostTries, runId, pokes } = instance;
    const ids = { instanceId, tryNumber, lostTries, runId, taskId, mapIndex };
    const elapsedMs = this.#elapsed.of(instanceId);
    await completeTries(this.#store, [{ ...ids, workerId: WORKER, elapsedMs, pokes, outcome }]);
    for (const callback of this.#store.takeCallbacks())
      await runTaskCallback(this.#run, callback, this.#emit);
  }

  #reportEnd({ id }: MemoryInstance, durationMs: number): void {
    this.reports.ended(this.#instance(id), durationMs);
    this.reports.reportNew();
  }

  #refOf({ taskId }: MemoryInstance): TaskRef<unknown> | undefined {
    return graphOf(this.#run.dag).find(taskId);
  }

  #instance(id: number): MemoryInstance {
    return this.#store.instance(id) as MemoryInstance;
  }
}
