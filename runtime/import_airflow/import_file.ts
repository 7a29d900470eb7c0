/**
 * Python files with DAGs of Airflow, as files with DAGs of dagsmith. Pure: text becomes
 * text, and nothing of the Python runs.
 */
import { DagsmithError } from "../../sdk/errors.ts";
import { type Note, type PythonDag, tasksIn } from "./evaluate/python_dag.ts";
import { readDags } from "./evaluate/read_dags.ts";
import { printDag } from "./print/print_dag.ts";
import { nodesIn } from "./print/variables.ts";
import { readPython } from "./python/read_python.ts";
import { translateDag } from "./translate_dag.ts";

/** A DAG that came over, and what stays to be done. */
export interface ImportedDag {
  readonly dagId: string;
  /** The name of its TypeScript file. */
  readonly file: string;
  /** The TypeScript. */
  readonly text: string;
  readonly tasks: number;
  /** Tasks that came over by themselves. */
  readonly carried: number;
  /** Tasks with something to do, and what. */
  readonly todo: readonly {
    readonly taskId: string;
    readonly line: number;
    readonly reasons: readonly string[];
  }[];
  /** What of the DAG did not come over. */
  readonly notes: readonly Note[];
}

interface ImportedFile {
  readonly dags: readonly ImportedDag[];
  /** What of the file belongs to no DAG and did not come over. */
  readonly notes: readonly Note[];
}

/**
 * Reads one file.
 * @param file its name, without folders
 * @throws DagsmithError NOT_PYTHON, NO_AIRFLOW_DAG
 */
export function importAirflowFile(text: string, file: string): ImportedFile {
  const { dags, notes } = readDags(readPython(text, file), file);
  if (dags.length === 0) throw new DagsmithError("NO_AIRFLOW_DAG", { file });
  const airflow = versionOf(text);
  return { dags: dags.map((dag) => importedDag(dag, airflow, file)), notes };
}

/** Only Airflow 3 has `airflow.sdk`. Its schedules mean other things than those of 2. */
function versionOf(text: string): 2 | 3 {
  return /^\s*(?:from|import)\s+airflow\.sdk\b/m.test(text) ? 3 : 2;
}

function importedDag(dag: PythonDag, airflow: 2 | 3, file: string): ImportedDag {
  const model = translateDag(dag, airflow, file);
  const todo = nodesIn(model.children).flatMap((node) =>
    node.type === "task" && node.todo.length > 0
      ? [{ taskId: node.task.fullId, line: node.task.line, reasons: node.todo }]
      : [],
  );
  const tasks = tasksIn(dag).length;
  return {
    ...{ dagId: dag.id, file: `${dag.id}.ts`, text: printDag(model, file) },
    ...{ tasks, carried: tasks - todo.length, todo, notes: model.notes },
  };
}
