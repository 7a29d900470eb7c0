/** `dag cancel`: a run ends before its time. */
import { command } from "../command.ts";
import { withDatabase } from "../database.ts";
import { needRun, RUN_NAMES } from "../runs.ts";

export const cancel = command({
  usage: "cancel <run>",
  summary: "Stop a run: what runs is ended and marked failed, what has not begun is skipped",
  more: RUN_NAMES,
  options: [{ flags: "--reason <text>", text: "why, for those who look at the run later" }],
  example: 'dag cancel 42 --reason "wrong params"',
  run: async (cli, [name]: readonly [string], options: { readonly reason?: string }) =>
    withDatabase(cli, async (db) => {
      const run = await needRun(db, name);
      const { cancelRun } = await import("../../actions/index.ts");
      await cancelRun(db, { id: run.id, actor: cli.config.user, ...(options.reason && { reason: options.reason }) });
      return {
        json: { id: run.id, dagId: run.dagId, runId: run.runId, cancelled: true },
        lines: [`Run ${run.id} of ${run.dagId} is cancelled.`],
      };
    }),
});
