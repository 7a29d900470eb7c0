/** `dag callbacks`: the callbacks of a run and its tasks, and how they ended. */
import { command } from "../command.ts";
import { needRun, RUN_NAMES } from "../find/runs.ts";
import { table } from "../output/table.ts";
import { cell, stateCell, timeText } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";

export const callbacks = command({
  usage: "callbacks <run>",
  summary: "Show the callbacks and missed deadlines of a run, and how they ended",
  more: `${RUN_NAMES} The output of a callback is in the log of its task, or of the run (dag logs <run>).`,
  example: "dag callbacks 42",
  document: async () => (await import("../documents/runs.ts")).callbacks,
  run: async (cli, [name]: readonly [string]) =>
    withDatabase(cli, async (db) => {
      const hide = await openHide(cli, db);
      const run = hide(await needRun(db, name));
      const { listCallbacks } = await import("../../store/reads/callbacks.ts");
      const all = hide(await listCallbacks(db, run.id));
      const found = all.map(({ lines: _, ...callback }) => callback);
      const rows = found.map((one) => [
        one.taskId === null
          ? "the run"
          : one.taskId + (one.mapIndex !== null && one.mapIndex >= 0 ? `[${one.mapIndex}]` : ""),
        one.event,
        stateCell(one.state, cli.terminal.style),
        timeText(one.createdAt),
        cell(one.failure ?? one.reason),
      ]);
      const headings = ["of", "event", "state", "since", "remark"];
      return {
        json: { run, callbacks: found },
        lines: rows.length === 0 ? ["No callbacks."] : table(headings, rows),
      };
    }),
});
