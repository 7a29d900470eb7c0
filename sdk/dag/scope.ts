/** Where a builder declares: in a DAG, and in one group of it or at its top. */
import type { DagsmithError } from "../errors.ts";
import { wrongKind } from "../option_values.ts";
import type { AnyTaskBody } from "../task/context.ts";
import type { DeclaredTask } from "../task/task_definition.ts";
import type { TaskRef } from "../task/task_ref.ts";
import type { Graph } from "./graph.ts";
import type { GroupDefinition } from "./group_definition.ts";
import type { GivenGroupOptions } from "./group_options.ts";
import type { TaskGroup } from "./task_group.ts";

export class Scope {
  readonly #graph: Graph;
  readonly #group: GroupDefinition | null;

  /** @param group null at the top of the DAG */
  constructor(graph: Graph, group: GroupDefinition | null) {
    this.#graph = graph;
    this.#group = group;
  }

  get dagId(): string {
    return this.#graph.dagId;
  }

  add(taskId: string, declared: DeclaredTask): TaskRef<unknown> {
    return this.#graph.add(this.#group, taskId, declared);
  }

  /** @param declare gets the scope of the new group */
  addGroup(
    groupId: string,
    options: GivenGroupOptions,
    declare: (inside: Scope) => unknown,
  ): TaskGroup {
    return this.#graph.addGroup(this.#group, groupId, options, (group) =>
      declare(new Scope(this.#graph, group)),
    );
  }

  /** @throws DagsmithError INVALID_OPTION for a body that is not a function */
  bodyOf(of: "task" | "loop", taskId: string, body: unknown): AnyTaskBody {
    if (typeof body === "function") return body as AnyTaskBody;
    throw this.wrong(`the body of ${of} "${taskId}"`, body, "a function of the task context");
  }

  /** The error for an option of a wrong kind. */
  wrong(option: string, value: unknown, allowed: string): DagsmithError {
    return wrongKind(`DAG "${this.dagId}"`, option, value, allowed);
  }
}

/** Splits arguments of which the options may be left out. */
export function optionsAndBody<Options extends object>(
  rest: readonly unknown[],
): readonly [Options, unknown] {
  return rest.length === 1 ? [{} as Options, rest[0]] : [rest[0] as Options, rest[1]];
}
