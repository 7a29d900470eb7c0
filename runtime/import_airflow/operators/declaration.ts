/** A task as dagsmith declares it, before it is written. */
import type { Code } from "../code.ts";

export interface Declaration {
  /** The function of the builder. */
  readonly builder: "task" | "empty" | "branch" | "shortCircuit" | "sensor" | "latestOnly" | "call";
  /** The DAG that a call names. */
  readonly called?: Code;
  /** Options of this kind of task, besides those that every task may have. */
  readonly options: Readonly<Record<string, Code | undefined>>;
  /** Null for a task without work. */
  readonly body: Code | null;
}

/** A task with a body. */
export function taskWith(body: Code): Declaration {
  return { builder: "task", options: {}, body };
}
