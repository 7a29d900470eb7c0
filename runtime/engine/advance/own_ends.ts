/** What ends of a task's own instances mean for the task: of a mapped one the next items go, of a loop the next iteration follows. */
import { totalOf } from "../counts/counts.ts";
import { isLimited } from "../limits/limits.ts";
import { loopState } from "../plan/loop.ts";
import { isGroup, isLoop, type PlannedTask } from "../plan/plan.ts";
import type { Progress } from "../store.ts";
import type { Settled } from "./finished_instance.ts";
import { timeLimit } from "./groups.ts";
import type { Round } from "./round.ts";

/**
 * Takes in the ends that a wave brought to a task that has begun. @param stopped why nothing more of it may begin; undefined when it may
 * @returns what follows for the tasks after it
 */
export async function takeOwnEnds(
  round: Round,
  row: Progress,
  task: PlannedTask,
  { wave, stopped }: { readonly wave: readonly Settled[]; readonly stopped: string | undefined },
): Promise<readonly Settled[]> {
  if (row.instances === null) return [];
  // What is told of items that do not count is no end: it would bring itself about again, for ever, where every task is asked anew.
  const ends = wave.filter(
    (end) =>
      end.runId === row.runId &&
      end.taskId === row.taskId &&
      end.mapIndex >= 0 &&
      end.leftOut === undefined,
  );
  if (ends.length === 0) return [];
  return isLoop(task.spec)
    ? iterate(round, row, row.instances, task, { ends, stopped })
    : countOwn(round, row, row.instances, task, ends.filter(({ waited }) => !waited).length);
}

/** A mapped task's own instances ended: let the next ones go, and close the task after the last. @param left places that they left */
async function countOwn(
  round: Round,
  row: Progress,
  instances: number,
  task: PlannedTask,
  left: number,
): Promise<readonly Settled[]> {
  const { runId, taskId, released, own } = row;
  await release(round, row, task, Math.min(instances, released + left));
  if (totalOf(own) < instances) return [];
  round.close(runId, task, -1, own);
  if (own.removed === 0) return [];
  // Told only now: that nothing of a list is left is known only at its end.
  return [
    {
      runId,
      taskId,
      mapIndex: 0,
      state: own.removed === instances ? "skipped" : "removed",
      leftOut: own.removed,
    },
  ];
}

/** An iteration of a loop ended: the next one follows, or the loop has ended as a whole, which is what the tasks after it see. */
function iterate(
  round: Round,
  { runId, taskId, own }: Progress,
  instances: number,
  task: PlannedTask,
  { ends, stopped }: { readonly ends: readonly Settled[]; readonly stopped: string | undefined },
): readonly Settled[] {
  const last = ends.find(({ again, mapIndex }) => again && mapIndex === instances - 1);
  if (last)
    return round.append(runId, task, instances, {
      item: last.next ?? instances,
      wait: timeLimit(task.spec),
      stopped,
    });
  const state = loopState(own, instances);
  return state === undefined ? [] : [{ runId, taskId, mapIndex: -1, state }];
}

/** Gives items of a mapped task that wait the places that are free. */
export async function refill(
  round: Round,
  row: Progress & { readonly waiting: number },
  task: PlannedTask,
): Promise<void> {
  const { runId, instances, released, own, waiting } = row;
  if (instances === null || waiting === 0) return;
  // Under other limits whoever gives places lets them go.
  if (isLimited(task.route, round.run(runId))) return;
  const active = instances - waiting - totalOf(own);
  await release(
    round,
    row,
    task,
    released + Math.max(0, Math.min(waiting, (task.spec.maxActive ?? instances) - active)),
  );
}

async function release(round: Round, row: Progress, task: PlannedTask, to: number): Promise<void> {
  if (to <= row.released) return;
  if (isGroup(task.spec)) await round.releaseGroups(row, to, timeLimit(task.spec));
  else round.release(row, task, to);
}
