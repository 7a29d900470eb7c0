/** `dag show`: the tasks of one DAG and its settings. */
import type { DagSpec, EachSpec, TaskSpec } from "../../../sdk/spec/index.ts";
import { schedulesText } from "../../timetable/schedule_text.ts";
import { command } from "../command.ts";
import { knownDag } from "../find/dags.ts";
import { oneOf } from "../input/option_values.ts";
import type { Style } from "../output/terminal.ts";
import { cell, durationCell } from "../output/words.ts";

type Format = "tree" | "mermaid" | "json";

export const show = command({
  usage: "show <dag>",
  summary: "Show the tasks of a DAG and their dependencies",
  options: [
    {
      flags: "--format <format>",
      text: "tree (default), mermaid or json",
      parse: oneOf("tree", "mermaid", "json"),
    },
    { flags: "--folder <path>", text: "read the files of this folder instead of the database" },
  ],
  example: "dag show github_to_redshift --format mermaid",
  document: async () => (await import("../documents/dags.ts")).spec,
  run: async (
    cli,
    [dagId]: readonly [string],
    options: { readonly format?: Format; readonly folder?: string },
  ) => {
    const { spec } = await knownDag(cli, dagId, options.folder);
    const format = options.format ?? "tree";
    if (format === "json") return { json: spec, lines: [JSON.stringify(spec, null, 2)] };
    return {
      json: spec,
      lines: format === "mermaid" ? mermaid(spec) : tree(spec, cli.terminal.style),
    };
  },
});

/**
 * Each task under its upstream tasks: drawn in full once, and by its name elsewhere. The
 * tasks of a group with a group instance are under the group, with a double line, before
 * the tasks downstream of the group.
 */
export function tree(spec: DagSpec, style: Style): readonly string[] {
  const tasks = spec.tasks.filter(({ kind }) => kind?.type !== "group").length;
  const lines = [
    `${style.bold(spec.dagId)}  ${style.dim(`${schedulesText(spec.schedules, spec.assets, spec.on)}, ${tasks} ${tasks === 1 ? "task" : "tasks"}`)}`,
  ];
  if (spec.description) lines.push(cell(spec.description));
  const drawn = new Set<string>();
  const draw = (task: TaskSpec, indent: string, branch: string): void => {
    const again = drawn.has(task.taskId);
    drawn.add(task.taskId);
    const inside = firstWithin(spec, task.taskId);
    const below = [
      ...inside,
      ...spec.tasks.filter(({ upstream }) => upstream.includes(task.taskId)),
    ];
    const more = again && below.length > 0 ? " …" : "";
    lines.push(`${indent}${branch}${task.taskId}${more}${again ? "" : style.dim(remarks(task))}`);
    if (again) return;
    const further = `${indent}${BRANCHES.last.includes(branch) ? "   " : "│  "}`;
    for (const [index, next] of below.entries()) {
      const way = index === below.length - 1 ? BRANCHES.last : BRANCHES.more;
      draw(next, further, way[inside.includes(next) ? 1 : 0]);
    }
  };
  const roots = firstWithin(spec, undefined);
  for (const [index, root] of roots.entries())
    draw(root, "", (index === roots.length - 1 ? BRANCHES.last : BRANCHES.more)[0]);
  return lines;
}

/** The tasks downstream, and the tasks in the group. */
const BRANCHES: Readonly<Record<"more" | "last", readonly [after: string, within: string]>> = {
  more: ["├─ ", "╞═ "],
  last: ["└─ ", "╘═ "],
};

/** The tasks of a group, or of the DAG itself, that have no upstream task in it. */
function firstWithin({ tasks }: DagSpec, group: string | undefined): readonly TaskSpec[] {
  return tasks.filter(
    ({ parentGroup, upstream }) => parentGroup === group && upstream.length === 0,
  );
}

/** The list of a mapped task as text. */
function eachText(each: EachSpec): string {
  if ("taskId" in each)
    return each.field === undefined ? each.taskId : `${each.taskId}.${each.field}`;
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
    task.waitForDownstream
      ? "waits for downstream tasks of the run before"
      : task.dependsOnPast
        ? "depends on past"
        : "",
    task.each === null
      ? ""
      : "loop" in task.each
        ? `loop of at most ${task.each.loop.maxIterations}`
        : `each of ${eachText(task.each)}`,
    task.triggerRule === "all_success" ? "" : task.triggerRule,
    task.retries === 0
      ? ""
      : `${task.retries} ${task.retries === 1 ? "retry" : "retries"} after ${durationCell(task.retryDelayMs)}`,
  ].filter((remark) => remark !== "");
  return remarks.length > 0 ? `  ${remarks.join(", ")}` : "";
}

/**
 * A Mermaid flowchart. Nodes are numbered, because a task id may contain characters that
 * have a meaning in Mermaid. A group with a group instance is a frame.
 */
export function mermaid(spec: DagSpec): readonly string[] {
  const frames = new Map((spec.groups ?? []).map(({ groupId }, index) => [groupId, `g${index}`]));
  const node = new Map(
    spec.tasks.map(({ taskId, kind }, index) => [
      taskId,
      (kind?.type === "group" && frames.get(taskId)) || `t${index}`,
    ]),
  );
  const edges = spec.tasks.flatMap((task) =>
    task.upstream.map((upstream) => `  ${node.get(upstream)} --> ${node.get(task.taskId)}`),
  );
  const nodes = spec.tasks.filter(({ kind }) => kind?.type !== "group");
  const drawn = (group: string | null, indent: string): readonly string[] => [
    ...nodes
      .filter((task) => (task.group ?? null) === group)
      .map(({ taskId }) => `${indent}${node.get(taskId)}["${taskId}"]`),
    ...(spec.groups ?? []).flatMap(({ groupId, parent }) =>
      parent === group
        ? [
            `${indent}subgraph ${frames.get(groupId)}["${groupId}"]`,
            ...drawn(groupId, `${indent}  `),
            `${indent}end`,
          ]
        : [],
    ),
  ];
  return ["flowchart LR", ...drawn(null, "  "), ...edges];
}
