/** Makes tasks: of operators, and of functions with `@task`. */
import { argumentsOf, containerOf } from "./arguments.ts";
import { freeId } from "./free_id.ts";
import { type Call, type Machine, note } from "./machine.ts";
import { dagOf, type PythonDag, type PythonGroup, type PythonTask, tasksIn } from "./python_dag.ts";
import {
  type NamedValues,
  outputsIn,
  plain,
  type TaskMaker,
  textOf,
  truthOf,
  type Value,
} from "./value.ts";
import { connect } from "./wire.ts";

/** The call of a class with a `task_id`. */
export function makeOperator(machine: Machine, operator: string, call: Call): Value {
  const maker: TaskMaker = {
    ...{ kind: "maker", operator, function: null, options: call.named, constants: new Map() },
    role: "work",
  };
  return makeTaskOf(machine, maker, { ...call, named: new Map() }, null);
}

/** The call of what makes tasks; with lists when the task is mapped. */
export function makeTaskOf(
  machine: Machine,
  maker: TaskMaker,
  call: Call,
  mapped: NamedValues | null,
): Value {
  const parent = containerOf(machine, maker.options);
  if (!parent) {
    note(machine, call.line, `a task outside of every DAG: ${call.text.slice(0, 80)}`);
    return { kind: "unknown", text: call.text };
  }
  const task = newTask(machine, parent, maker, call, mapped);
  parent.children.push(task);
  if (task.role === "teardown") task.failsRun = failsRunOf(maker.options);
  for (const { task: source } of sourcesOf(task)) connect([source], [task]);
  return maker.function ? { kind: "output", task, key: null } : { kind: "node", node: task };
}

function newTask(
  machine: Machine,
  parent: PythonDag | PythonGroup,
  maker: TaskMaker,
  call: Call,
  mapped: NamedValues | null,
): PythonTask {
  const { function: of, options, operator, role, constants } = maker;
  const id = idOf(machine, parent, maker, call);
  const given = of
    ? argumentsOf(machine, of.of.parameters, withConstants(call, constants), of.scope)
    : new Map<string, Value>();
  return {
    ...{ type: "task", parent, operator, args: options, mapped, role, line: call.line },
    ...{ id, fullId: `${prefixOf(parent)}${id}`, function: of?.of ?? null, given },
    ...{ text: call.text, setups: [], failsRun: false },
  };
}

function withConstants(call: Call, constants: NamedValues): Call {
  return { ...call, named: new Map([...constants, ...call.named]) };
}

function failsRunOf(options: NamedValues): boolean {
  return truthOf(options.get("on_failure_fail_dagrun") ?? plain(false)) === true;
}

function idOf(
  machine: Machine,
  parent: PythonDag | PythonGroup,
  { options, function: of }: TaskMaker,
  { line }: Call,
): string {
  const given = options.get("task_id");
  const known = textOf(given) ?? (given === undefined ? of?.of.name : undefined);
  const prefix = prefixOf(parent);
  const taken = new Set(tasksIn(dagOf(parent)).map(({ fullId }) => fullId));
  const id = freeId(`${prefix}${known ?? "task"}`, taken).slice(prefix.length);
  if (known === undefined) note(machine, line, `only Python knows the id of the task ${id}`);
  return id;
}

function prefixOf(parent: PythonDag | PythonGroup): string {
  return parent.type === "group" && parent.prefix ? `${parent.fullId}.` : "";
}

/** The outputs that a task takes. */
function sourcesOf({ args, given, mapped }: PythonTask) {
  return [...args.values(), ...given.values(), ...(mapped?.values() ?? [])].flatMap(outputsIn);
}
