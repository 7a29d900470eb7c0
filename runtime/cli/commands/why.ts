/** `dag why`: why the tasks of a run do not run. */
import type { WaitingTask } from "../../store/reads/why.ts";
import { type Cli, command } from "../command.ts";
import { needRun, RUN_NAMES } from "../find/runs.ts";
import { safeText } from "../output/terminal.ts";
import { stateCell } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";

export const why = command({
  usage: "why <run> [task]",
  summary: "Say why tasks of a run do not run: all conditions that are not met",
  more: RUN_NAMES,
  example: "dag why 42 load",
  document: async () => (await import("../documents/runs.ts")).why,
  run: async (cli, [name, taskId]: readonly [string, string | undefined]) =>
    withDatabase(cli, async (db) => {
      const run = await needRun(db, name);
      const { needTask } = await import("../find/tasks.ts");
      if (taskId !== undefined) await needTask(db, run, taskId);
      const { whyWaiting } = await import("../../store/reads/why.ts");
      const hide = await openHide(cli, db);
      const answer = hide(await whyWaiting(db, run.id, taskId ?? null));
      const what = taskId === undefined ? `of run ${run.id} of ${run.dagId}` : `of ${taskId}`;
      return {
        json: answer,
        lines:
          answer.tasks.length === 0
            ? [`Nothing ${what} waits.`]
            : answer.tasks.flatMap((task) => taskLines(cli, task)),
      };
    }),
});

function taskLines(
  { terminal: { style } }: Cli,
  { taskId, mapIndex, state, instances, reasons }: WaitingTask,
): readonly string[] {
  const more = instances > 1 ? ` and ${instances - 1} more` : "";
  const name = mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]${more}`;
  return [
    `${name} ${stateCell(state, style)}`,
    ...reasons.map(({ text }) => `  ${safeText(text)}`),
  ];
}
