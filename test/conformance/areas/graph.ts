/** Graphs as cases write them: each task with the ids before it, in any order. */

import type { TaskRef } from "../../../sdk/task/task_ref.ts";
import { chain } from "../../../sdk/task/wirable.ts";

export interface Node {
  readonly id: string;
  readonly upstream: readonly string[];
}

/** Declares every task, then every edge. */
export function wire<Task extends Node>(
  tasks: readonly Task[],
  declare: (task: Task) => TaskRef<unknown>,
): void {
  const refs = new Map(tasks.map((task) => [task.id, declare(task)]));
  for (const { id, upstream } of tasks) {
    for (const before of upstream) {
      const [from, to] = [refs.get(before), refs.get(id)];
      if (!from || !to) throw new Error(`no task "${before}"`);
      chain(from, to);
    }
  }
}
