/** `dag trigger`: creates a run now. */
import type { Json } from "../../../sdk/json.ts";
import { type Cli, command } from "../command.ts";
import { needDag } from "../find/runs.ts";
import { isoDate, jsonObject } from "../input/option_values.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";
import { runOutcome } from "../reports/run_report.ts";
import { waitForRun } from "../reports/wait_run.ts";

interface Options {
  readonly params?: Readonly<Record<string, Json>>;
  readonly date?: string;
  readonly wait?: true;
}

export const trigger = command({
  usage: "trigger <dag>",
  summary: "Create a run of a DAG now",
  options: [
    { flags: "--params <json>", text: "the params of the run, a JSON object", parse: jsonObject },
    { flags: "--date <date>", text: "logical date, ISO 8601 (default: now)", parse: isoDate },
    { flags: "--wait", text: "wait until the run has ended; exit code 1 when it failed" },
  ],
  example: `dag trigger github_to_redshift --params '{"orgs": ["hub4j"]}' --wait`,
  document: async () => (await import("../documents/runs.ts")).triggered,
  run: async (cli, [dagId]: readonly [string], options: Options) =>
    withDatabase(cli, async (db) => {
      await needDag(db, dagId);
      const { triggerRun } = await import("../../actions/index.ts");
      const { id, runId } = await triggerRun(db, {
        dagId,
        ...(options.params && { params: options.params }),
        ...(options.date && { logicalDate: options.date }),
        actor: cli.config.user,
      });
      if (!options.wait)
        return {
          json: { id, dagId, runId, state: "queued" },
          lines: [`Run ${id} of ${dagId} is created: ${runId}`],
        };
      cli.say(`Run ${id} of ${dagId} is created: ${runId}`);
      const ended = await waitForRun(db, id, progressLine(cli));
      return runOutcome(db, ended, await openHide(cli, db), cli.terminal.style);
    }),
});

/** Reports each task once, when it has ended. */
function progressLine(cli: Cli): (taskId: string, state: string) => void {
  return (taskId, state) => cli.say(`  ${taskId} ${state}`);
}
