/**
 * The record of one round over runs that are locked: how far they are, and what was decided and is not written yet. It knows which columns of
 * a decision go together, and none of the rules by which one comes about.
 */
import type { Json } from "../../../sdk/json.ts";
import type { LateKeys } from "../../../sdk/spec/index.ts";
import { judgeRun, type RunProgress } from "../../state/run_state.ts";
import {
  type FinalState,
  isFinal,
  type StoredError,
  type TaskState,
} from "../../state/task_state.ts";
import type { Wait } from "../../state/wait.ts";
import { COUNT_OF } from "../counts/counts.ts";
import { Deltas, scopeKey, scopeOf } from "../counts/deltas.ts";
import { type Route, routeIn, routeWith, UNROUTED } from "../limits/limits.ts";
import { countsAsFailure } from "../plan/leaves.ts";
import { allWithin, isGroup, type PlannedTask, plannedTask } from "../plan/plan.ts";
import type {
  Counted,
  Counts,
  Decisions,
  DependsOnPastWait,
  EngineTx,
  LockedRun,
  NewInstance,
  NewProgress,
  Progress,
  Release,
  RoutedJob,
  Token,
} from "../store.ts";
import type { Settled } from "./finished_instance.ts";
import { endWithin } from "./groups.ts";

interface Opened {
  readonly groups: Counted[];
  readonly expanded: NewProgress[];
}

interface TaskOfRun {
  readonly runId: number;
  readonly taskId: string;
}

/** What the next iteration of a loop begins with. */
interface NextIteration {
  readonly item: Json;
  /** When the time of a group is up. */
  readonly wait: Wait | undefined;
  /** Why nothing more of it may begin; undefined when it may. */
  readonly stopped: string | undefined;
}

/** How a task ends without a try. */
export interface Ending {
  readonly state: FinalState;
  readonly reason: string | null;
  readonly error?: StoredError | null;
}

export class Round {
  readonly tx: EngineTx;
  readonly #runs = new Map<number, { readonly run: LockedRun; progress: RunProgress }>();
  /** By name, so that an instance that nobody has seen is found. */
  readonly #made = new Map<string, NewInstance>();
  readonly #tokens: RoutedJob[] = [];
  readonly #releases: Release[] = [];
  /** Places whose rule spoke in this round: a later wave must not ask it again, and its row does not say so before the commit. */
  readonly #spoken = new Set<string>();
  /** What was decided of places, the latest of each: their rows do not say so before the commit either. */
  readonly #decided = new Map<string, Decisions["decided"][number]>();
  /** Counts that change by what was decided, and not by an end. */
  #news = new Deltas();
  /** Instances of groups that began, whose tasks are to get their turn; and what tasks of mapped groups count over all elements. */
  #opened: Opened = { groups: [], expanded: [] };
  readonly #dependsOnPastWaits: DependsOnPastWait[] = [];
  readonly #dependsOnPastEnded: DependsOnPastWait[] = [];

  constructor(tx: EngineTx, runs: readonly LockedRun[]) {
    this.tx = tx;
    for (const run of runs) this.#runs.set(run.id, { run, progress: run });
  }

  get runs(): readonly LockedRun[] {
    return [...this.#runs.values()].map(({ run }) => run);
  }

  /** Instances of this round, which the store does not know yet. */
  get made(): readonly NewInstance[] {
    return [...this.#made.values()];
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

  hasSpoken(of: Counted): boolean {
    return this.#spoken.has(scopeKey(of));
  }

  /** A row as it will be when this round is written. */
  current<Row extends Progress>(row: Row): Row {
    const { instances = row.instances, released = row.released } =
      this.#decided.get(scopeKey(row)) ?? {};
    return { ...row, instances, released };
  }

  #decide(place: Counted, instances: number | null, released: number): void {
    this.#decided.set(scopeKey(place), { ...place, instances, released });
  }

  /** Puts a token into the queue; that of a task with limits waits for its places first. @param keys what the task said that it runs under */
  wake({ instanceId, tryNumber, inMs }: Token, of: TaskOfRun, keys?: LateKeys): void {
    // A run that is not part of this round has ended, and the token will find nothing to do.
    const held = this.#runs.get(of.runId);
    const route = held
      ? keys
        ? routeWith(this.task(of).route, held.run, keys)
        : this.routeOf(of.runId, this.task(of))
      : UNROUTED;
    this.#tokens.push({ instanceId, tryNumber, inMs, route });
  }

  make(instance: NewInstance): void {
    this.#made.set(scopeKey(instance), instance);
  }

  madeAt(of: Counted): NewInstance | undefined {
    return this.#made.get(scopeKey(of));
  }

  /** Takes back an instance of this round, which nobody has seen. */
  unmake(made: NewInstance): void {
    this.#made.delete(scopeKey(made));
  }

  /** Ends an instance that nobody has seen. @returns false when it is not of this round */
  endMade(of: Counted, state: FinalState, reason: string | null = null): boolean {
    const made = this.madeAt(of);
    if (!made || isFinal(made.state)) return false;
    const { wait: _, ...rest } = made;
    this.make({ ...rest, state, reason, route: UNROUTED });
    return true;
  }

  /** Lets further instances of a mapped task go, up to `to`. */
  release(
    { runId, taskId, instances, released: from }: Progress,
    task: PlannedTask,
    to: number,
  ): void {
    this.#releases.push({ runId, taskId, from, to, route: this.routeOf(runId, task) });
    this.#decide({ runId, taskId, mapIndex: -1 }, instances, to);
  }

  /** Lets further instances of a mapped group begin, up to `to`. */
  async releaseGroups(
    { runId, taskId, instances, released: from }: Progress,
    to: number,
    wait: Wait | undefined,
  ): Promise<void> {
    this.#decide({ runId, taskId, mapIndex: -1 }, instances, to);
    const unseen = this.made
      .filter((one) => one.runId === runId && one.taskId === taskId && one.state === "scheduled")
      .slice(0, to - from);
    for (const made of unseen) this.make({ ...made, state: "running", ...(wait && { wait }) });
    const stored =
      unseen.length < to - from
        ? await this.tx.beginGroups({ runId, taskId, from, to: to - unseen.length }, wait)
        : [];
    for (const mapIndex of [...unseen.map((made) => made.mapIndex), ...stored])
      this.open({ runId, taskId, mapIndex });
  }

  /** The tasks of a group, at this place, are to get their turn. */
  open(group: Counted): void {
    this.#opened.groups.push(group);
  }

  /** A mapped group has so many elements, and so has each task within it. */
  expandWithin(runId: number, group: PlannedTask, instances: number): void {
    for (const taskId of allWithin(this.run(runId).plan, group.spec.taskId)) {
      const place = { runId, taskId, mapIndex: -1 };
      this.#opened.expanded.push({ ...place, upstreamTotal: 0, instances });
      this.#decide(place, instances, instances);
    }
  }

  takeOpened(): Opened {
    const opened = this.#opened;
    this.#opened = { groups: [], expanded: [] };
    return opened;
  }

  /**
   * Makes one more iteration of a loop that has had as many as `mapIndex` says, and lets it go; one that was stopped is skipped.
   * @returns what ended by it
   */
  append(
    runId: number,
    task: PlannedTask,
    mapIndex: number,
    { item, wait, stopped }: NextIteration,
  ): readonly Settled[] {
    const { taskId } = task.spec;
    const next = { runId, taskId, mapIndex, item, error: null };
    this.#decide({ runId, taskId, mapIndex: -1 }, mapIndex + 1, mapIndex + 1);
    if (isGroup(task.spec)) this.expandWithin(runId, task, mapIndex + 1);
    if (stopped !== undefined) {
      this.make({ ...next, state: "skipped", reason: stopped, route: UNROUTED });
      return [{ runId, taskId, mapIndex, state: "skipped" }];
    }
    if (isGroup(task.spec)) {
      this.make({
        ...next,
        state: "running",
        reason: null,
        route: UNROUTED,
        ...(wait && { wait }),
      });
      this.open(next);
    } else this.make({ ...next, state: "queued", reason: null, route: this.routeOf(runId, task) });
    return [];
  }

  /** A task that ends, at its place, without running. */
  end(
    runId: number,
    task: PlannedTask,
    mapIndex: number,
    { state, reason, error = null }: Ending,
  ): Settled {
    const { taskId } = task.spec;
    this.make({
      runId,
      taskId,
      mapIndex,
      state,
      ...this.itemAt(runId, task, mapIndex),
      reason,
      error,
      route: UNROUTED,
    });
    this.speak(runId, task, mapIndex, null, 0);
    return { runId, taskId, mapIndex, state };
  }

  /** Where the item of an instance comes from: within a mapped group, from the group. */
  itemAt(
    runId: number,
    { mappedIn }: PlannedTask,
    mapIndex: number,
  ): Pick<NewInstance, "item" | "itemOf"> {
    if (mappedIn === null) return { item: null };
    const made = this.madeAt({ runId, taskId: mappedIn, mapIndex });
    return made ? { item: made.item } : { item: null, itemOf: mappedIn };
  }

  /** Remembers that a task's rule has spoken. @param instances of a mapped task; null for one instance */
  speak(
    runId: number,
    task: PlannedTask,
    mapIndex: number,
    instances: number | null,
    released: number,
  ): void {
    const { taskId, dependsOnPast } = task.spec;
    const place = { runId, taskId, mapIndex };
    this.#spoken.add(scopeKey(place));
    if (dependsOnPast) this.#dependsOnPastEnded.push({ runId, taskId });
    if (task.isCounted) this.#decide(place, instances, released);
  }

  /** The tasks after this one, which counted it as one instance, count so many more. */
  widen(runId: number, { downstream }: PlannedTask, by: number): void {
    for (const after of downstream) this.#news.at(runId, after, -1).upstreamTotal += by;
  }

  waitForDependsOnPast(question: DependsOnPastWait): void {
    this.#dependsOnPastWaits.push(question);
  }

  endDependsOnPastWaits(waits: readonly DependsOnPastWait[]): void {
    this.#dependsOnPastEnded.push(...waits);
  }

  /** A task has no unfinished instance left: its group counts it, or else its run. */
  close(runId: number, task: PlannedTask, mapIndex: number, ends: Counts): void {
    const { spec, isLeaf, size } = task;
    if (spec.within !== undefined)
      this.#news.at(runId, spec.within, scopeOf(task, mapIndex)).own[endWithin(task, ends)] += 1;
    const held = this.#runs.get(runId);
    if (!held) return;
    const { openTasks, failedLeaves, warnings } = held.progress;
    const isTop = spec.within === undefined;
    held.progress = {
      openTasks: openTasks - (isTop ? size : 0),
      failedLeaves: failedLeaves + (isTop && isLeaf && countsAsFailure(spec, ends) ? 1 : 0),
      warnings: warnings + (spec.allowFailure && ends.failed > 0 ? 1 : 0),
    };
  }

  /** What these instances came to does not count any more. */
  forgive(runId: number, ended: readonly (Counted & { readonly state: TaskState })[]): void {
    for (const { taskId, state } of ended)
      if (isFinal(state) && this.task({ runId, taskId }).mappedIn !== null)
        this.#news.at(runId, taskId, -1).own[COUNT_OF[state]] -= 1;
    const held = this.#runs.get(runId);
    const allowed = ended.filter(
      (one) => one.state === "failed" && this.task(one).spec.allowFailure,
    );
    const places = new Set(
      allowed.map((one) => scopeKey({ ...one, mapIndex: scopeOf(this.task(one), one.mapIndex) })),
    );
    if (held) held.progress = { ...held.progress, warnings: held.progress.warnings - places.size };
  }

  /** Counts that changed by decisions since they were last taken. */
  takeNews(): Deltas {
    const news = this.#news;
    this.#news = new Deltas();
    return news;
  }

  /** Whether decisions are to be followed further, beside ends. */
  get hasNews(): boolean {
    return this.#opened.groups.length > 0 || this.#news.rows.length > 0;
  }

  /** Writes everything that was decided. @returns the runs that this round ended */
  async commit(): Promise<readonly number[]> {
    const runs = this.#changedRuns();
    await this.tx.commitDecisions({
      instances: this.made,
      tokens: this.#tokens,
      releases: this.#releases,
      decided: [...this.#decided.values()],
      runs,
      past: { waits: this.#dependsOnPastWaits, ended: this.#dependsOnPastEnded },
    });
    return runs.filter(({ state }) => state !== "running").map(({ id }) => id);
  }

  #changedRuns(): Decisions["runs"] {
    return [...this.#runs.values()].flatMap(({ run, progress }) => {
      const { id, openTasks: before } = run;
      const { openTasks, failedLeaves, warnings } = progress;
      const state = judgeRun(progress);
      return openTasks !== before || warnings !== run.warnings || state !== "running"
        ? [{ id, openTasks, failedLeaves, warnings, state }]
        : [];
    });
  }
}
