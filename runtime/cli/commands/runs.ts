/** `dag runs`: the newest runs. */
import { RUN_STATES, type RunState } from "../../state/run_state.ts";
import { command, wrongUsage } from "../command.ts";
import { needDag } from "../find/runs.ts";
import { label, oneOf, wholeNumber } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import { between, durationCell, stateWithWarnings, timeText } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";

interface Options {
  readonly state?: RunState;
  readonly limit?: number;
  readonly label?: Readonly<Record<string, string>>;
}

export const runs = command({
  usage: "runs [dag]",
  summary: "List the newest runs, of one DAG or of all",
  options: [
    {
      flags: "--state <state>",
      text: `only runs that are ${RUN_STATES.join(", ")}`,
      parse: oneOf(...RUN_STATES),
    },
    { flags: "--label <key=value>", text: "only runs with this label", parse: label },
    { flags: "--limit <n>", text: "how many (default 20)", parse: wholeNumber(1, 10_000) },
  ],
  example: "dag runs daily_report --state failed",
  document: async () => (await import("../documents/runs.ts")).runs,
  run: async (cli, [dagId]: readonly [string | undefined], options: Options) =>
    withDatabase(cli, async (db) => {
      if (dagId !== undefined) await needDag(db, dagId);
      const { listRuns } = await import("../../store/reads/run_list.ts");
      const hide = await openHide(cli, db);
      const found = hide(
        await listRuns(db, {
          dagId,
          state: options.state,
          limit: options.limit ?? 20,
          label: oneLabel(options.label),
        }),
      );
      const rows = found.map((run) => [
        String(run.id),
        run.dagId,
        run.runId,
        stateWithWarnings(run.state, run.warnings, cli.terminal.style),
        timeText(run.startedAt),
        durationCell(between(run.startedAt, run.finishedAt)),
        String(run.version),
      ]);
      const lines =
        found.length === 0
          ? ["There are no runs."]
          : table(["run", "dag", "run id", "state", "started", "duration", "version"], rows);
      return { json: { runs: found }, lines };
    }),
});

function oneLabel(
  labels: Options["label"] = {},
): { readonly key: string; readonly value: string } | undefined {
  const [first, ...others] = Object.entries(labels);
  if (others.length > 0) wrongUsage("--label", "give one label");
  return first && { key: first[0], value: first[1] };
}
