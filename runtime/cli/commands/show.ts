/** `dag show`: what one DAG is made of. */
import type { DagSpec, EachSpec, TaskSpec } from "../../../sdk/spec.ts";
import { schedulesText } from "../../timetable/schedule_text.ts";
import { command, type Outcome } from "../command.ts";
import { knownDag } from "../dags.ts";
import { oneOf } from "../option_values.ts";
import type { Style } from "../terminal.ts";
import { cell, durationText } from "../words.ts";

type Format = "tree" | "mermaid" | "json";

export const show = command({
  usage: "show <dag>",
  summary: "Show the tasks of a DAG and how they hang together",
  options: [
    { flags: "--format <format>", text: "tree (default), mermaid or json", parse: oneOf("tree", "mermaid", "json") },
    { flags: "--folder <path>", text: "read the files of this folder instead of the database" },
  ],
  example: "dag show github_to_redshift --format mermaid",
  run: async (cli, [dagId]: readonly [string], options: { readonly format?: Format; readonly folder?: string }): Promise<Outcome> => {
    const { spec } = await knownDag(cli, dagId, options.folder);
    const format = options.format ?? "tree";
    if (format === "json") return { json: spec, lines: [JSON.stringify(spec, null, 2)] };
    return { json: spec, lines: format === "mermaid" ? mermaid(spec) : tree(spec, cli.terminal.style) };
  },
});

/** Each task under the tasks before it; drawn in full once, and by its name wherever else it hangs. */
export function tree(spec: DagSpec, style: Style): readonly string[] {
  const lines = [
    `${style.bold(spec.dagId)}  ${style.dim(`${schedulesText(spec.schedules, spec.assets, spec.on)}, ${spec.tasks.length} tasks`)}`,
  ];
  if (spec.description) lines.push(cell(spec.description));
  const drawn = new Set<string>();
  const draw = (task: TaskSpec, indent: string, last: boolean): void => {
    const again = drawn.has(task.taskId);
    drawn.add(task.taskId);
    const below = spec.tasks.filter(({ upstream }) => upstream.includes(task.taskId));
    const more = again && below.length > 0 ? " …" : "";
    lines.push(`${indent}${last ? "└─ " : "├─ "}${task.taskId}${more}${again ? "" : style.dim(remarks(task))}`);
    if (again) return;
    for (const [index, next] of below.entries()) draw(next, `${indent}${last ? "   " : "│  "}`, index === below.length - 1);
  };
  const roots = spec.tasks.filter(({ upstream }) => upstream.length === 0);
  for (const [index, root] of roots.entries()) draw(root, "", index === roots.length - 1);
  return lines;
}

/** The list of a mapped task in words. */
function eachText(each: EachSpec): string {
  if ("taskId" in each) return each.field === undefined ? each.taskId : `${each.taskId}.${each.field}`;
  if ("entriesOf" in each) return `the entries of ${each.entriesOf}`;
  if ("loop" in each) return "a loop";
  if ("items" in each) return `${each.items.length} items`;
  if ("cross" in each) return each.cross.map(({ list }) => eachText(list)).join(" × ");
  const lists = ("zip" in each ? each.zip : each.concat).map(eachText);
  return lists.join("zip" in each ? " beside " : ", then ");
}

function remarks(task: TaskSpec): string {
  const remarks = [
    task.operator === "task" ? "" : task.operator,
    task.kind?.type === "setup" || task.kind?.type === "teardown" ? task.kind.type : "",
    task.allowFailure ? "may fail" : "",
    task.waitForDownstream ? "waits for downstream of the past" : task.dependsOnPast ? "depends on past" : "",
    task.each === null ? "" : "loop" in task.each ? `loop of at most ${task.each.loop.maxIterations}` : `each of ${eachText(task.each)}`,
    task.triggerRule === "all_success" ? "" : task.triggerRule,
    task.retries === 0 ? "" : `${task.retries} ${task.retries === 1 ? "retry" : "retries"} after ${durationText(task.retryDelayMs)}`,
  ].filter((remark) => remark !== "");
  return remarks.length > 0 ? `  ${remarks.join(", ")}` : "";
}

/** A Mermaid flowchart. Nodes are numbered, because a task id may hold characters that Mermaid reads as its own. */
export function mermaid(spec: DagSpec): readonly string[] {
  const node = new Map(spec.tasks.map(({ taskId }, index) => [taskId, `t${index}`]));
  const edges = spec.tasks.flatMap((task) => task.upstream.map((upstream) => `  ${node.get(upstream)} --> ${node.get(task.taskId)}`));
  const drawn = (group: string | null, indent: string): readonly string[] => [
    ...spec.tasks.filter((task) => (task.group ?? null) === group).map(({ taskId }) => `${indent}${node.get(taskId)}["${taskId}"]`),
    ...(spec.groups ?? []).flatMap(({ groupId, parent }, index) =>
      parent === group ? [`${indent}subgraph g${index}["${groupId}"]`, ...drawn(groupId, `${indent}  `), `${indent}end`] : [],
    ),
  ];
  return ["flowchart LR", ...drawn(null, "  "), ...edges];
}
