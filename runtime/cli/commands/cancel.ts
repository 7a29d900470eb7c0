/** `dag cancel`: cancels a run, or one task of it. */
import type { Database } from "../../store/database/database.ts";
import type { RunDetail } from "../../store/reads/runs.ts";
import { type Cli, command } from "../command.ts";
import { needRun, RUN_NAMES } from "../find/runs.ts";
import { wholeNumber } from "../input/option_values.ts";
import { withDatabase } from "../project/database.ts";

interface Options {
  readonly reason?: string;
  readonly mapIndex?: number;
}

export const cancel = command({
  usage: "cancel <run> [task]",
  summary:
    "Cancel a run, or one task of it: running tasks fail, tasks that have not started are skipped",
  more: `${RUN_NAMES} With a task, only that task is cancelled, and the run goes on by its trigger rules.`,
  options: [
    { flags: "--reason <text>", text: "the reason, shown with the run" },
    {
      flags: "--map-index <n>",
      text: "one instance of a mapped task (default: all)",
      parse: wholeNumber(0, 10_000_000),
    },
  ],
  example: 'dag cancel 42 --reason "wrong params"',
  document: async () => (await import("../documents/runs.ts")).cancelled,
  run: async (cli, [name, taskId]: readonly [string, string | undefined], options: Options) =>
    withDatabase(cli, async (db) => {
      const run = await needRun(db, name);
      return taskId === undefined
        ? cancelWhole(cli, db, run, options)
        : cancelOne(cli, db, run, taskId, options);
    }),
});

async function cancelWhole(cli: Cli, db: Database, run: RunDetail, { reason }: Options) {
  const { cancelRun } = await import("../../actions/index.ts");
  await cancelRun(db, { id: run.id, actor: cli.config.user, ...(reason && { reason }) });
  return {
    json: { id: run.id, dagId: run.dagId, runId: run.runId, cancelled: true },
    lines: [`Run ${run.id} of ${run.dagId} is cancelled.`],
  };
}

async function cancelOne(
  cli: Cli,
  db: Database,
  run: RunDetail,
  taskId: string,
  { reason, mapIndex }: Options,
) {
  const [{ needTask }, { cancelTask }] = await Promise.all([
    import("../find/tasks.ts"),
    import("../../actions/index.ts"),
  ]);
  await needTask(db, run, taskId);
  const which = { id: run.id, taskId, ...(mapIndex !== undefined && { mapIndex }) };
  const instances = await cancelTask(db, {
    ...which,
    actor: cli.config.user,
    ...(reason && { reason }),
  });
  return {
    json: { ...which, dagId: run.dagId, runId: run.runId, cancelled: true, instances },
    lines: [
      `Task ${taskId} of run ${run.id} is cancelled${instances === 1 ? "" : ` (${instances} instances)`}.`,
    ],
  };
}
