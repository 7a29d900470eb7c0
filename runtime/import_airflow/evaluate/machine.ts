/** What the reading of one file knows so far, and the two steps that call each other. */
import type { Expression, Statement } from "../python/tree.ts";
import type { Note, PythonDag, PythonGroup } from "./python_dag.ts";
import type { NamedValues, Scope, Value } from "./value.ts";

/** A call whose arguments are known. */
export interface Call {
  readonly args: readonly Value[];
  readonly named: NamedValues;
  readonly text: string;
  readonly line: number;
}

export interface Machine {
  readonly dags: PythonDag[];
  /** Notes that belong to no DAG. */
  readonly notes: Note[];
  /** The DAGs and groups in whose `with` or function the file stands, innermost last. */
  readonly containers: (PythonDag | PythonGroup)[];
  /** Steps left; a file that needs more is not followed further. */
  budget: number;
  /** How many functions of the file are being called, one by the other. */
  depth: number;
  readonly evaluate: (expression: Expression, scope: Scope) => Value;
  /** Runs statements; the value of `return`, if one was reached. */
  readonly run: (statements: readonly Statement[], scope: Scope) => Value | undefined;
}

/** Adds a note to the current DAG, or to the file. */
export function note(machine: Machine, line: number, text: string): void {
  const dag = machine.containers[0];
  const notes = dag?.type === "dag" ? dag.notes : machine.notes;
  if (!notes.some((known) => known.text === text && known.line === line))
    notes.push({ line, text });
}

/** The value of a name. */
export function lookUp(scope: Scope | null, name: string): Value | undefined {
  return scope === null ? undefined : (scope.names.get(name) ?? lookUp(scope.outer, name));
}

/** Runs `step` within a DAG or a group. */
export function within<Result>(
  machine: Machine,
  container: PythonDag | PythonGroup,
  step: () => Result,
): Result {
  const outer = machine.containers.slice();
  // A DAG begins its own nesting, wherever it is made.
  if (container.type === "dag") machine.containers.length = 0;
  machine.containers.push(container);
  try {
    return step();
  } finally {
    machine.containers.splice(0, Number.POSITIVE_INFINITY, ...outer);
  }
}

/** An argument by name, or by its position. */
export function argument({ args, named }: Call, name: string, position: number): Value | undefined {
  return named.get(name) ?? args[position];
}
