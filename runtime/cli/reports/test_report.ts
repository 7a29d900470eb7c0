/**
 * The output of `dag test`: each task as it starts, logs and ends, and a table of all
 * tasks.
 */
import { errorTitle } from "../../../sdk/error_message.ts";
import type { StoredError } from "../../state/stored_error.ts";
import type { DagRunEvent, DagRunResult, TaskResult } from "../../testing/dag_run.ts";
import type { Cli } from "../command.ts";
import { table } from "../output/table.ts";
import { type Style, safeText } from "../output/terminal.ts";
import { cell, durationCell, stateWithWarnings } from "../output/words.ts";

/** Most frames of an error that are shown; those in the user's files come first. */
const STACK_LINES = 12;
const OUTPUT_WIDTH = 60;

export class TestReport {
  readonly #cli: Cli;
  readonly #mask: (text: string) => string;

  /** @param mask hides secrets in all output of tasks */
  constructor(cli: Cli, mask: (text: string) => string) {
    this.#cli = cli;
    this.#mask = mask;
  }

  /** Prints one event, at once. */
  tell(event: DagRunEvent): void {
    const { style } = this.#cli.terminal;
    if (event.type === "started")
      this.#say(
        `${style.cyan("▶")} ${nameOf(event)}${event.tryNumber > 1 ? style.dim(`  try ${event.tryNumber}`) : ""}`,
      );
    else if (event.type === "log")
      this.#say(indented(logText(event.level, this.#mask(event.text), style)));
    else this.#ended(event.task);
  }

  #ended(task: TaskResult): void {
    const { style } = this.#cli.terminal;
    const why = whyOf(task);
    if (why !== null) this.#say(indented(style.red(safeText(this.#mask(why)))));
    const again = task.state === "up_for_retry" ? style.dim(", a retry follows") : "";
    this.#say(
      `${stateWithWarnings(task.state, task.warning ? 1 : 0, style)} ${nameOf(task)}${this.#label(task)} ${style.dim(durationCell(task.durationMs))}${again}`,
    );
  }

  #label({ label }: TaskResult): string {
    return label === null ? "" : ` ${this.#cli.terminal.style.dim(cell(this.#mask(label)))}`;
  }

  #say(text: string): void {
    this.#cli.say(text);
  }

  /**
   * The run as a whole. Secrets are masked in the JSON document too.
   * @param filesFolder the folder with the files of tasks; null: they are not kept
   */
  outcome(
    dagId: string,
    { state, runId, logicalDate, tasks }: DagRunResult,
    filesFolder: string | null,
  ) {
    const { style } = this.#cli.terminal;
    const document = { dagId, runId, logicalDate, state, tasks, filesFolder };
    const rows = tasks.map((task) => [
      nameOf(task) + this.#label(task),
      stateWithWarnings(task.state, task.warning ? 1 : 0, style),
      String(task.tryNumber),
      durationCell(task.durationMs),
      this.#result(task),
    ]);
    const took = tasks.reduce((sum, { durationMs }) => sum + durationMs, 0);
    return {
      json: JSON.parse(this.#mask(JSON.stringify(document))) as typeof document,
      lines: [
        "",
        ...table(["task", "state", "try", "duration", "result"], rows),
        "",
        `${style.bold(dagId)} ${stateWithWarnings(state, tasks.filter(({ warning }) => warning).length, style)} in ${durationCell(took)}`,
        ...(filesFolder === null ? [] : [`The files of the tasks are in ${filesFolder}`]),
      ],
      failed: state !== "success",
    };
  }

  #result({ error, reason, output }: TaskResult): string {
    const text = error
      ? errorTitle(error)
      : (reason ?? (output === null ? "" : JSON.stringify(output)));
    const shown = cell(this.#mask(text));
    return shown.length > OUTPUT_WIDTH ? `${shown.slice(0, OUTPUT_WIDTH - 1)}…` : shown;
  }
}

/** `task`, or `task[3]` for an instance of a mapped task. */
function nameOf({
  taskId,
  mapIndex,
}: {
  readonly taskId: string;
  readonly mapIndex: number;
}): string {
  return mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`;
}

function logText(level: string, text: string, style: Style): string {
  const paint = level === "error" ? style.red : level === "warn" ? style.yellow : style.dim;
  return `${paint(level.padEnd(5))} ${safeText(text)}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, "    ");
}

/** The error; or the reason of a task that fails without one, such as a wait. */
function whyOf({ error, state, reason }: TaskResult): string | null {
  if (error) return stackOf(error);
  return state === "failed" ? reason : null;
}

function stackOf(error: StoredError): string {
  const lines = (error.stack || errorTitle(error))
    .split("\n")
    .filter((line) => !/^\s+at .*(node:internal|\(native\))/.test(line));
  return lines.slice(0, STACK_LINES).join("\n");
}
