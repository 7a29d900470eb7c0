/** The DAGs of a Python file. */
import type { Statement } from "../python/tree.ts";
import { evaluate } from "./evaluate.ts";
import type { Machine } from "./machine.ts";
import type { Note, PythonDag } from "./python_dag.ts";
import { runStatements } from "./run_statements.ts";
import { plain, type Scope, type Value } from "./value.ts";

/** Enough for thousands of tasks; a loop that makes more is cut off. */
const MAX_STEPS = 200_000;

/** Names that Python gives every file. */
function namesOf(file: string): Map<string, Value> {
  return new Map([
    ["__name__", plain(file.replace(/\.py$/, ""))],
    ["__file__", plain(file)],
  ]);
}

/**
 * Follows the statements of a file.
 * @param file its name, without folders
 */
export function readDags(
  statements: readonly Statement[],
  file: string,
): {
  readonly dags: readonly PythonDag[];
  readonly notes: readonly Note[];
} {
  const machine: Machine = {
    ...{ dags: [], notes: [], containers: [], budget: MAX_STEPS, depth: 0 },
    evaluate: (expression, scope) => evaluate(machine, expression, scope),
    run: (body, scope) => runStatements(machine, body, scope),
  };
  const scope: Scope = { names: namesOf(file), outer: null };
  machine.run(statements, scope);
  return { dags: machine.dags, notes: machine.notes };
}
