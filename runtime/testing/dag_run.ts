/** What `runDag` takes, and what it returns. */
import type { Connection } from "../../sdk/connection.ts";
import type { Dag } from "../../sdk/dag/dag.ts";
import type { Json } from "../../sdk/json.ts";
import type { RunTrigger } from "../../sdk/sources/trigger.ts";
import type { LogLevel } from "../child/run_try.ts";
import type { RunState } from "../state/run_state.ts";
import type { StoredError } from "../state/stored_error.ts";
import type { TaskState } from "../state/task_state.ts";
import type { StoredFile, TestFile } from "./local_files.ts";
import type { StateValues } from "./memory_state.ts";
import type { ConnectionValue } from "./run_task.ts";

/**
 * An event during a run: a try started, a task wrote a line, or a task instance ended.
 * @example
 * await runDag(d, { onEvent: (event: DagRunEvent) => event.type === "log" && console.log(event.text) });
 */
export type DagRunEvent =
  | {
      readonly type: "started";
      readonly taskId: string;
      readonly mapIndex: number;
      readonly tryNumber: number;
    }
  | {
      readonly type: "log";
      readonly taskId: string;
      readonly mapIndex: number;
      readonly level: LogLevel;
      readonly text: string;
    }
  | { readonly type: "ended"; readonly task: TaskResult };

/**
 * Options of {@link runDag}.
 * @example
 * await runDag(d, { logicalDate: "2026-01-01", params: { region: "eu" }, connections: { lake: "postgres://…" } });
 */
export interface RunDagOptions {
  /** ISO 8601, in the DAG's timezone when it names no offset. Default: now. */
  readonly logicalDate?: string;
  /** The params of the run; checked by the DAG's schema. Default `{}`. */
  readonly params?: Json;
  /**
   * Connections by id, or a function that finds a connection and throws for an unknown
   * id.
   */
  readonly connections?:
    | Readonly<Record<string, ConnectionValue>>
    | ((id: string) => Promise<Connection>);
  /** Variables by key, or a function that finds a value; null for an unknown key. */
  readonly variables?: Readonly<Record<string, string>> | ((key: string) => Promise<string | null>);
  /**
   * Events by name, with their values, for `waitForEvent`. A task that waits for another
   * event fails.
   */
  readonly events?: Readonly<Record<string, Json>>;
  /**
   * Answers to questions (`d.ask`), by task id; that of one instance of a mapped question
   * by `task[3]`. A question without an answer has its `otherwise`, or fails.
   */
  readonly answers?: Readonly<Record<string, Json>>;
  /**
   * Gives the answers that `answers` does not have; undefined for none. It is called
   * again, with the problem, after an answer that is refused.
   */
  readonly onQuestion?: (question: AskedInMemory) => Promise<Json | undefined>;
  /** The state that earlier runs set, as {@link DagRunResult} has it. Default: none. */
  readonly state?: StateValues;
  /**
   * DAGs that the DAG calls by their ids, or a function that finds one and throws for an
   * unknown id. DAGs that it calls by reference are known.
   */
  readonly dags?: readonly Dag<unknown>[] | ((dagId: string) => Promise<Dag<unknown>>);
  /** Files of other runs that params, events or state refer to. Default: none. */
  readonly files?: readonly TestFile[];
  /** The folder in which tasks store files. Default: none, they stay in memory. */
  readonly filesFolder?: string;
  /** Runs only this task and the tasks that it depends on. Default: all tasks. */
  readonly only?: string;
  /**
   * The assets or the event that made the run, as its tasks see it. Default: none, as in
   * a manual run.
   */
  readonly trigger?: RunTrigger;
  /** Called for each event during the run. */
  readonly onEvent?: (event: DagRunEvent) => void;
  /** Cancels the run when it is aborted. */
  readonly signal?: AbortSignal;
}

/**
 * A question that a run in memory asks.
 * @example
 * const first = async ({ options }: AskedInMemory) => options[0];
 * await runDag(d, { onQuestion: first });
 */
export interface AskedInMemory {
  /** `task`, or `task[3]` for an instance of a mapped question. */
  readonly name: string;
  /** What is asked, in one line. */
  readonly subject: string;
  /** More about it, in Markdown; null for none. */
  readonly body: string | null;
  /** The options of which one is chosen; empty for a question with a form alone. */
  readonly options: readonly string[];
  /** JSON Schema of the form; null without a form. */
  readonly formSchema: Json | null;
  /** Why the answer before was refused; null for the first. */
  readonly problem: string | null;
}

/**
 * How one task instance ended.
 * @example const [count]: readonly TaskResult[] = (await runDag(d)).tasks;
 */
export interface TaskResult {
  /** The id of the task. */
  readonly taskId: string;
  /** Position in the list; -1 when the task is not mapped. */
  readonly mapIndex: number;
  /** The label that the task gave the instance; null for none. */
  readonly label: string | null;
  /** The state in which the instance ended. */
  readonly state: TaskState;
  /** The number of its last try; 0 when the task did not run. */
  readonly tryNumber: number;
  /** Length of the last try in milliseconds; 0 when the task did not run. */
  readonly durationMs: number;
  /** The output; null when there is none. */
  readonly output: Json;
  /** Why the instance ended in its state; null when nothing explains it. */
  readonly reason: string | null;
  /** The error that ended the last try; null for none. */
  readonly error: StoredError | null;
  /** Whether the instance failed with `allowFailure`. */
  readonly warning: boolean;
}

/**
 * How a run ended.
 * @example
 * const run: DagRunResult = await runDag(d, { logicalDate: "2026-01-01" });
 * expect([run.state, run.xcom("count")]).toEqual(["success", 12]);
 */
export interface DagRunResult {
  /** The state in which the run ended. */
  readonly state: RunState;
  /** The id of the run, as a manual run would have it. */
  readonly runId: string;
  /** ISO 8601 in UTC. */
  readonly logicalDate: string;
  /** In the order in which the instances ended. */
  readonly tasks: readonly TaskResult[];
  /** What a call of the DAG returns, by \`output\`; null when it returns nothing. */
  readonly output: Json;
  /** The runs that its tasks called, in order. */
  readonly calls: readonly {
    readonly taskId: string;
    readonly mapIndex: number;
    readonly run: DagRunResult;
  }[];
  /** The assets that tasks updated, in order. */
  readonly assets: readonly {
    readonly taskId: string;
    readonly mapIndex: number;
    readonly uri: string;
    readonly extra: Json;
  }[];
  /** The labels that tasks gave the run. */
  readonly labels: Readonly<Record<string, string>>;
  /** The note that tasks wrote on the run; null for none. */
  readonly note: string | null;
  /** The files that tasks stored, in order. */
  readonly files: readonly StoredFile[];
  /** The state after the run. */
  readonly stateValues: StateValues;
  /**
   * The value that a task pushed under a key or, without a key, its output; for a mapped
   * task, the list. Undefined when there is none.
   */
  xcom(taskId: string, key?: string): Json | undefined;
}
