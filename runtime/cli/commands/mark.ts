/** `dag mark`: sets the final state of a task or a run. */
import { MARKS, type Mark } from "../../state/task_state.ts";
import { command, wrongUsage } from "../command.ts";
import { needRun, RUN_NAMES } from "../find/runs.ts";
import { wholeNumber } from "../input/option_values.ts";
import { withDatabase } from "../project/database.ts";

export const mark = command({
  usage: "mark <run> <task-or-state> [state]",
  summary: "Mark a task or a whole run success, failed or skipped",
  more: `${RUN_NAMES} A running task is stopped. Downstream tasks that failed because of the marked task are decided again. A whole run is success or failed.`,
  options: [
    {
      flags: "--index <n>",
      text: "only this instance of a mapped task",
      parse: wholeNumber(0, 2_147_483_647),
    },
  ],
  example: "dag mark 42 load success",
  document: async () => (await import("../documents/runs.ts")).marked,
  run: async (
    cli,
    [name, taskOrState, given]: readonly [string, string, string | undefined],
    options: { readonly index?: number },
  ) => {
    const to = markOf(given ?? taskOrState);
    const taskId = given === undefined ? undefined : taskOrState;
    if (taskId === undefined && to === "skipped")
      return wrongUsage("<state>", "a run is success or failed");
    return withDatabase(cli, async (db) => {
      const run = await needRun(db, name);
      const { markRun, markTask } = await import("../../actions/index.ts");
      const of = { id: run.id, actor: cli.config.user };
      if (taskId === undefined)
        await markRun(db, { ...of, to: to === "failed" ? "failed" : "success" });
      else
        await markTask(db, {
          ...of,
          taskId,
          to,
          ...(options.index !== undefined && { mapIndex: options.index }),
        });
      const what =
        taskId === undefined
          ? `Run ${run.id} of ${run.dagId}`
          : `${taskId} of run ${run.id} of ${run.dagId}`;
      return {
        json: { id: run.id, dagId: run.dagId, runId: run.runId, taskId: taskId ?? null, state: to },
        lines: [`${what} is marked ${to}.`],
      };
    });
  },
});

function markOf(text: string): Mark {
  const found = MARKS.find((state) => state === text);
  return found ?? wrongUsage("<state>", `write one of ${MARKS.join(", ")}`);
}
