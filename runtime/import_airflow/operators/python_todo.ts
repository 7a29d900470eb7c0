/** Tasks whose work stays to be written: they fail, and keep the Python text. */
import { type Code, code, commentLine, INDENT, linesOf, quoted } from "../code.ts";
import type { PythonTask } from "../evaluate/python_dag.ts";
import { textOf } from "../evaluate/value.ts";
import type { Carry } from "../options/carry.ts";
import type { Declaration } from "./declaration.ts";
import type { OperatorCall } from "./operator_call.ts";
import { sensorOptions } from "./sensor_options.ts";

/** The kinds of tasks that decide something, and the type of what they return. */
const KINDS = [
  { name: /short_?circuit/i, builder: "shortCircuit", type: "boolean" },
  { name: /branch/i, builder: "branch", type: "string[]" },
  { name: /sensor/i, builder: "sensor", type: "boolean" },
  { name: /./, builder: "task", type: "Json" },
] as const;

/**
 * A task that fails with what is to be done.
 * @param isList whether other tasks are mapped over its output
 */
export function todoDeclaration(call: OperatorCall, reason: string, isList: boolean): Declaration {
  const { task, carry } = call;
  const kind = KINDS.find(({ name }) => name.test(task.operator));
  const isMapped = task.mapped !== null && kind?.builder !== "sensor";
  // Branches and short circuits cannot be mapped.
  const builder = isMapped ? "task" : (kind?.builder ?? "task");
  const type = kind?.type === "Json" && isList ? "Json[]" : (kind?.type ?? "Json");
  const options = builder === "sensor" ? sensorOptions(call) : {};
  return { builder, options, body: failingBody(task, carry, reason, type) };
}

function failingBody(task: PythonTask, { file }: Carry, reason: string, type: string): Code {
  const lines = [
    `(): ${type} => {`,
    `  ${commentLine(`Python, ${file} line ${task.line}:`)}`,
    ...pythonLines(task).map((line) => `  ${commentLine(`  ${line}`)}`),
    `  throw new FailTask(${quoted(`TODO: ${reason}`)});`,
    "}",
  ];
  return code(lines.join(`\n${INDENT}`));
}

/** The function that does the work, and the call that makes the task. */
function pythonLines(task: PythonTask): readonly string[] {
  const callable = task.args.get("python_callable");
  const known = callable?.kind === "function" ? callable.of : null;
  const texts = [task.function?.text, known?.text, task.text];
  return texts.filter((text) => text !== undefined).flatMap((text) => unindented(linesOf(text)));
}

/** The first line of a Python text begins in the middle of its line. */
function unindented([first = "", ...rest]: readonly string[]): readonly string[] {
  const indents = rest.filter((line) => line.trim() !== "").map((line) => line.search(/\S/));
  const least = Math.min(...indents, Number.POSITIVE_INFINITY);
  const head = /^(@|def |async )/.test(first) ? Math.max(0, least - 4) : least;
  // A decorated function has its next line at the same depth.
  const cut = first.startsWith("@") ? least : head;
  return [first, ...rest.map((line) => line.slice(Math.min(cut, line.search(/\S|$/))))];
}

/** What is to be done for a task of a Python function. */
export function pythonReason({ operator, function: of, args }: PythonTask): string | undefined {
  const callable = args.get("python_callable");
  const name = of?.name ?? (callable?.kind === "function" ? callable.of.name : textOf(callable));
  const isPython = of !== null || /Python|ShortCircuitOperator/.test(operator);
  if (!isPython) return undefined;
  return name === undefined
    ? `write the Python function of ${operator} in TypeScript`
    : `write the Python function ${name} in TypeScript`;
}
