/** What the translation of one DAG knows while it goes on. */
import type { PythonDag } from "../evaluate/python_dag.ts";
import type { Value } from "../evaluate/value.ts";

export interface Carry {
  readonly dag: PythonDag;
  /** The version of Airflow for which the file is written; schedules mean other things in 3. */
  readonly airflow: 2 | 3;
  /** The name of the Python file, for comments. */
  readonly file: string;
  /** The timezone of the DAG. */
  readonly zone: string;
  /** Params with their defaults, and those that only templates name. */
  readonly params: Map<string, Value | null>;
}
