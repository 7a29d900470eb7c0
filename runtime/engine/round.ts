/**
 * The record of one round over runs that are locked: how far they are, and what was decided and is not written yet. It knows which columns of
 * a decision go together, and none of the rules by which one comes about.
 */
import type { LateKeys } from "../../sdk/routing.ts";
import { judgeRun, type RunProgress } from "../state/run_state.ts";
import type { FinalState, StoredError } from "../state/task_state.ts";
import { Deltas } from "./deltas.ts";
import { countsAsFailure } from "./leaves.ts";
import { type Route, routeIn, routeWith, UNROUTED } from "./limits.ts";
import { type PlannedTask, plannedTask } from "./plan.ts";
import type { Settled } from "./settled.ts";
import type { Counts, Decisions, EngineTx, LockedRun, NewInstance, PastQuestion, Progress, Release, RoutedToken, Token } from "./store.ts";

interface TaskOfRun {
  readonly runId: number;
  readonly taskId: string;
}

export class Round {
  readonly tx: EngineTx;
  readonly #runs = new Map<number, { readonly run: LockedRun; progress: RunProgress }>();
  readonly #made: NewInstance[] = [];
  readonly #tokens: RoutedToken[] = [];
  readonly #releases: Release[] = [];
  readonly #decided: Decisions["decided"][number][] = [];
  /** Tasks whose rule spoke in this round: a later wave must not ask it again, and its row does not say so before the commit. */
  readonly #spoken = new Set<string>();
  readonly #widened = new Deltas();
  readonly #pastWaits: PastQuestion[] = [];
  readonly #pastEnded: PastQuestion[] = [];

  constructor(tx: EngineTx, runs: readonly LockedRun[]) {
    this.tx = tx;
    for (const run of runs) this.#runs.set(run.id, { run, progress: run });
  }

  get runs(): readonly LockedRun[] {
    return [...this.#runs.values()].map(({ run }) => run);
  }

  /** Instances of this round, which the store does not know yet. */
  get made(): readonly NewInstance[] {
    return this.#made;
  }

  run(runId: number): LockedRun {
    const held = this.#runs.get(runId);
    if (!held) throw new Error(`run ${runId} is not part of this round`);
    return held.run;
  }

  task({ runId, taskId }: TaskOfRun): PlannedTask {
    return plannedTask(this.run(runId).plan, taskId);
  }

  routeOf(runId: number, { route, spec }: PlannedTask): Route {
    return routeIn(route, spec.taskId, this.run(runId));
  }

  hasSpoken(of: TaskOfRun): boolean {
    return this.#spoken.has(nameOf(of));
  }

  /** Puts a token into the queue; that of a task with limits waits for its places first. @param keys what the task said that it runs under */
  wake({ instanceId, tryNumber, inMs }: Token, of: TaskOfRun, keys?: LateKeys): void {
    // A run that is not part of this round has ended, and the token will find nothing to do.
    const held = this.#runs.get(of.runId);
    const route = held ? (keys ? routeWith(this.task(of).route, held.run, keys) : this.routeOf(of.runId, this.task(of))) : UNROUTED;
    this.#tokens.push({ instanceId, tryNumber, inMs, route });
  }

  make(instance: NewInstance): void {
    this.#made.push(instance);
  }

  /** Takes back an instance of this round, which nobody has seen. */
  unmake(made: NewInstance): void {
    this.#made.splice(this.#made.indexOf(made), 1);
  }

  /** Lets further instances of a mapped task go, up to `to`. */
  release({ runId, taskId, instances, released: from }: Progress, task: PlannedTask, to: number): void {
    this.#releases.push({ runId, taskId, from, to, route: this.routeOf(runId, task) });
    this.#decided.push({ runId, taskId, instances, released: to });
  }

  /** Makes one more instance of a task that has as many as `mapIndex` says, and lets it go. */
  append(runId: number, task: PlannedTask, mapIndex: number): void {
    const { taskId } = task.spec;
    const next = { runId, taskId, mapIndex, state: "queued", item: mapIndex, reason: null, error: null } as const;
    this.make({ ...next, route: this.routeOf(runId, task) });
    this.#decided.push({ runId, taskId, instances: mapIndex + 1, released: mapIndex + 1 });
  }

  /** A task that ends without running. */
  end(runId: number, task: PlannedTask, state: FinalState, reason: string | null, error: StoredError | null = null): Settled {
    const { taskId } = task.spec;
    this.make({ runId, taskId, mapIndex: -1, state, item: null, reason, error, route: UNROUTED });
    this.speak(runId, task, null, 0);
    return { runId, taskId, mapIndex: -1, state };
  }

  /** Remembers that a task's rule has spoken. @param instances of a mapped task; null for one instance */
  speak(runId: number, { spec: { taskId, dependsOnPast }, isCounted }: PlannedTask, instances: number | null, released: number): void {
    this.#spoken.add(nameOf({ runId, taskId }));
    if (dependsOnPast) this.#pastEnded.push({ runId, taskId });
    if (isCounted) this.#decided.push({ runId, taskId, instances, released });
  }

  /** The tasks after this one, which counted it as one instance, count so many more. */
  widen(runId: number, { downstream }: PlannedTask, by: number): void {
    for (const after of downstream) this.#widened.at(runId, after).upstreamTotal += by;
  }

  waitForPast(question: PastQuestion): void {
    this.#pastWaits.push(question);
  }

  endPastWaits(waits: readonly PastQuestion[]): void {
    this.#pastEnded.push(...waits);
  }

  /** A task has no unfinished instance left. */
  close(runId: number, { spec, isLeaf }: PlannedTask, ends: Counts): void {
    const held = this.#runs.get(runId);
    if (!held) return;
    const { openTasks, failedLeaves, warnings } = held.progress;
    held.progress = {
      openTasks: openTasks - 1,
      failedLeaves: failedLeaves + (isLeaf && countsAsFailure(spec, ends) ? 1 : 0),
      warnings: warnings + (spec.allowFailure && ends.failed > 0 ? 1 : 0),
    };
  }

  /** Writes everything that was decided. @returns the runs that this round ended */
  async commit(): Promise<readonly number[]> {
    if (this.#widened.rows.length > 0) await this.tx.addProgress(this.#widened.rows);
    const runs = this.#changedRuns();
    await this.tx.commitDecisions({
      instances: this.#made,
      tokens: this.#tokens,
      releases: this.#releases,
      decided: this.#decided,
      runs,
      past: { waits: this.#pastWaits, ended: this.#pastEnded },
    });
    return runs.filter(({ state }) => state !== "running").map(({ id }) => id);
  }

  #changedRuns(): Decisions["runs"] {
    return [...this.#runs.values()].flatMap(({ run: { id, openTasks: before }, progress }) => {
      const { openTasks, failedLeaves, warnings } = progress;
      const state = judgeRun(progress);
      return openTasks !== before || state !== "running" ? [{ id, openTasks, failedLeaves, warnings, state }] : [];
    });
  }
}

function nameOf({ runId, taskId }: TaskOfRun): string {
  return `${runId}/${taskId}`;
}
