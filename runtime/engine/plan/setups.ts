/**
 * Setups at any distance: which tasks need a setup to succeed, and which tasks lie
 * between setups and their teardown (Airflow's rules). Pure.
 */
import type { TaskKind } from "../../../sdk/spec/index.ts";
import { reach } from "./graph.ts";

/** A graph of tasks with their kinds. */
export interface KindGraph {
  readonly ids: readonly string[];
  readonly kindOf: (taskId: string) => TaskKind["type"] | undefined;
  readonly before: (taskId: string) => readonly string[];
  readonly after: (taskId: string) => readonly string[];
}

/** Ids of other tasks, by task. */
export type TasksOf = ReadonlyMap<string, readonly string[]>;

export interface SetupPlan {
  /**
   * Ids of the setups that a task needs and that are not directly before it. Of a
   * teardown: of the setups that it undoes.
   */
  readonly setups: TasksOf;
  /** Of a teardown: ids of the tasks in its scope that are not directly before it. */
  readonly inScope: TasksOf;
}

/**
 * The tasks that need a setup: all after it when it has no teardown, else those before
 * one of its teardowns.
 */
export function tasksNeeding(graph: KindGraph, setup: string): ReadonlySet<string> {
  const after = reach([setup], graph.after);
  const teardowns = graph.after(setup).filter((taskId) => graph.kindOf(taskId) === "teardown");
  if (teardowns.length === 0) return after;
  const beforeTeardowns = reach(teardowns, graph.before);
  return new Set([...after].filter((taskId) => beforeTeardowns.has(taskId)));
}

export function setupPlanOf(graph: KindGraph): SetupPlan {
  const setups = graph.ids.filter((taskId) => graph.kindOf(taskId) === "setup");
  if (setups.length === 0) return { setups: new Map(), inScope: new Map() };
  const teardowns = graph.ids.filter((taskId) => graph.kindOf(taskId) === "teardown");
  return {
    setups: byTask(setups.flatMap((setup) => needsOf(graph, setup))),
    inScope: new Map(teardowns.map((teardown) => [teardown, scopeOf(graph, teardown)])),
  };
}

interface Need {
  readonly taskId: string;
  readonly setup: string;
}

function needsOf(graph: KindGraph, setup: string): readonly Need[] {
  const isTeardown = (taskId: string): boolean => graph.kindOf(taskId) === "teardown";
  const direct = graph.after(setup);
  const tasks = [...tasksNeeding(graph, setup)].filter(
    (taskId) => !isTeardown(taskId) && !direct.includes(taskId),
  );
  return [...direct.filter(isTeardown), ...tasks].map((taskId) => ({ taskId, setup }));
}

function byTask(needs: readonly Need[]): TasksOf {
  const groups = Map.groupBy(needs, ({ taskId }) => taskId);
  return new Map([...groups].map(([taskId, of]) => [taskId, of.map(({ setup }) => setup)]));
}

/** The tasks between the setups of a teardown and the teardown, at any distance. */
function scopeOf(graph: KindGraph, teardown: string): readonly string[] {
  const direct = graph.before(teardown);
  const setups = direct.filter((taskId) => graph.kindOf(taskId) === "setup");
  const afterSetups = reach(setups, graph.after);
  return [...reach([teardown], graph.before)].filter(
    (taskId) => afterSetups.has(taskId) && !direct.includes(taskId),
  );
}

/** The same relation from its other end. */
export function inverse(tasks: TasksOf): TasksOf {
  const pairs = [...tasks].flatMap(([taskId, of]) => of.map((other) => ({ taskId, other })));
  const groups = Map.groupBy(pairs, ({ other }) => other);
  return new Map([...groups].map(([other, of]) => [other, of.map(({ taskId }) => taskId)]));
}
