/** `dag tasks`: the tasks of one run. */

import { errorTitle } from "../../../sdk/error_message.ts";
import type { Database } from "../../store/database/database.ts";
import type { RunDetail } from "../../store/reads/runs.ts";
import { type Cli, command } from "../command.ts";
import { needRun, RUN_NAMES } from "../find/runs.ts";
import { wholeNumber } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import type { Hide } from "../output/without_secrets.ts";
import { between, cell, durationCell, stateCell, timeText } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";
import { reportedTasks, runLines } from "../reports/run_report.ts";

interface Options {
  readonly task?: string;
  readonly limit?: number;
}

export const tasks = command({
  usage: "tasks <run>",
  summary: "Show the tasks of a run: states, tries, durations, reasons",
  more: `${RUN_NAMES} A mapped task is one row; --task lists its instances.`,
  options: [
    { flags: "--task <id>", text: "the instances of this task" },
    {
      flags: "--limit <n>",
      text: "how many instances (default 100)",
      parse: wholeNumber(1, 100_000),
    },
  ],
  example: "dag tasks 42",
  document: async () => (await import("../documents/runs.ts")).tasks,
  run: async (cli, [name]: readonly [string], options: Options) =>
    withDatabase(cli, async (db) => {
      const hide = await openHide(cli, db);
      const run = hide(await needRun(db, name));
      if (options.task !== undefined)
        return instances(cli, db, hide, run, { taskId: options.task, limit: options.limit ?? 100 });
      const found = hide(await reportedTasks(db, run.id));
      return { json: { run, tasks: found }, lines: runLines(run, found, cli.terminal.style) };
    }),
});

interface Wanted {
  readonly taskId: string;
  readonly limit: number;
}

async function instances(
  cli: Cli,
  db: Database,
  hide: Hide,
  run: RunDetail,
  { taskId, limit }: Wanted,
) {
  const { needTask } = await import("../find/tasks.ts");
  const { listInstances } = await import("../../store/reads/instances.ts");
  await needTask(db, run, taskId);
  const found = hide(await listInstances(db, run.id, taskId, limit));
  const rows = found.map((one) => [
    one.mapIndex < 0 ? "-" : String(one.mapIndex),
    ...(found.some(({ label }) => label !== null) ? [cell(one.label)] : []),
    stateCell(one.state, cli.terminal.style),
    String(one.tryNumber),
    timeText(one.startedAt),
    durationCell(between(one.startedAt, one.finishedAt)),
    cell(one.error ? errorTitle(one.error) : one.reason),
  ]);
  const headings = [
    "index",
    ...(found.some(({ label }) => label !== null) ? ["label"] : []),
    "state",
    "try",
    "started",
    "duration",
    "remark",
  ];
  return {
    json: { run, taskId, instances: found },
    lines: found.length === 0 ? [`${taskId} has not started.`] : table(headings, rows),
  };
}
