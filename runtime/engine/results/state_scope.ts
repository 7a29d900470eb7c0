/** The scopes of state: the DAG's, the task's, and those that DAGs share by name. */

/** The owners that a scope of a task can have. */
interface Owner {
  readonly dagId: string;
  readonly taskId: string;
}

/**
 * The scope as it is stored: `dag:orders`, `task:orders/load`, `shared:cursors`.
 * @param scope `dag`, `task`, or `shared:` and a name
 * @throws Error for any other scope, which only a task that bypasses the SDK can name
 */
export function storedScope(scope: string, { dagId, taskId }: Owner): string {
  if (scope === "dag") return `dag:${dagId}`;
  if (scope === "task") return `task:${dagId}/${taskId}`;
  if (scope.startsWith("shared:")) return scope;
  throw new Error(`there is no state of the scope "${scope}"`);
}

/** The scope of a DAG as it is stored; with a task, the scope of that task. */
export function scopeWithin(dagId: string, taskId?: string): string {
  return taskId === undefined
    ? storedScope("dag", { dagId, taskId: "" })
    : storedScope("task", { dagId, taskId });
}
