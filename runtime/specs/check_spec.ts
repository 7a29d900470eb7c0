/**
 * What the schema of a DAG cannot say: its tasks come in order and name tasks and groups
 * that exist, and its schedules can run.
 */
import { IANAZone } from "luxon";
import { errorMessage } from "../../sdk/error_message.ts";
import type { DagSpec, EachSpec, TaskSpec } from "../../sdk/spec/index.ts";
import { checkSchedule } from "../timetable/index.ts";

/** What is wrong with a spec, in one sentence; null: nothing. */
export function specProblem(spec: DagSpec): string | null {
  if (!IANAZone.isValidZone(spec.timezone)) return `the timezone "${spec.timezone}" is unknown`;
  return groupProblem(spec) ?? taskProblem(spec) ?? scheduleProblem(spec);
}

function groupProblem({ groups = [] }: DagSpec): string | null {
  const known = new Set<string>();
  for (const { groupId, parent } of groups) {
    if (known.has(groupId)) return `the group "${groupId}" comes twice`;
    if (parent !== null && !known.has(parent))
      return `the group "${groupId}" comes before the group around it, "${parent}"`;
    known.add(groupId);
  }
  return null;
}

function taskProblem({ groups = [], tasks }: DagSpec): string | null {
  const groupIds = new Set(groups.map(({ groupId }) => groupId));
  const known = new Set<string>();
  for (const task of tasks) {
    if (known.has(task.taskId)) return `the task "${task.taskId}" comes twice`;
    const before = [
      ...[...task.upstream, ...Object.values(task.inputs), ...parentOf(task)],
      ...(task.each ? listedBy(task.each) : []),
    ];
    const missing = before.find((taskId) => !known.has(taskId));
    if (missing !== undefined)
      return `the task "${task.taskId}" comes before "${missing}", which it needs`;
    if (task.group !== undefined && !groupIds.has(task.group))
      return `the group "${task.group}" of the task "${task.taskId}" does not exist`;
    known.add(task.taskId);
  }
  return null;
}

const parentOf = ({ parentGroup }: TaskSpec): readonly string[] =>
  parentGroup === undefined ? [] : [parentGroup];

/** The tasks whose outputs make the list of a mapped task. */
function listedBy(each: EachSpec): readonly string[] {
  if ("taskId" in each) return [each.taskId];
  if ("entriesOf" in each) return [each.entriesOf];
  if ("cross" in each) return each.cross.flatMap(({ list }) => listedBy(list));
  if ("zip" in each) return each.zip.flatMap(listedBy);
  return "concat" in each ? each.concat.flatMap(listedBy) : [];
}

function scheduleProblem({ schedules }: DagSpec): string | null {
  const names = schedules.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) return `the schedule "${twice}" comes twice`;
  try {
    for (const { schedule } of schedules) checkSchedule(schedule);
    return null;
  } catch (error) {
    return errorMessage(error);
  }
}
