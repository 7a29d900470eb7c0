/** `dag clear`: clears tasks, so that they run again. */
import type { ClearedRun, ClearSelection } from "../../actions/index.ts";
import type { CodeChoice } from "../../store/backfills/backfill.ts";
import type { Database } from "../../store/database/database.ts";
import { findRuns } from "../../store/reads/runs.ts";
import { command, wrongUsage } from "../command.ts";
import { needDag, needRun, RUN_NAMES } from "../find/runs.ts";
import { isoDate, oneOf, wholeNumber } from "../input/option_values.ts";
import { table } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { stateCell } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";

interface Options {
  readonly task?: string;
  readonly index?: number;
  readonly downstream?: true;
  readonly upstream?: true;
  readonly from?: string;
  readonly to?: string;
  readonly onlyFailed?: true;
  readonly version?: CodeChoice;
  readonly dryRun?: true;
}

export const clear = command({
  usage: "clear <run-or-dag>",
  summary: "Clear tasks, so that they run again: of a run, or of a DAG's runs between two dates",
  more: `${RUN_NAMES} For a DAG, --from or --to is needed. Earlier tries stay in the history. Running tasks are never cleared: cancel them first.`,
  options: [
    { flags: "--task <id>", text: "only this task (default: all)" },
    {
      flags: "--index <n>",
      text: "only this instance of a mapped task",
      parse: wholeNumber(0, 2_147_483_647),
    },
    { flags: "--downstream", text: "and all downstream tasks" },
    { flags: "--upstream", text: "and all upstream tasks" },
    { flags: "--from <date>", text: "for a DAG: first logical date, inclusive", parse: isoDate },
    { flags: "--to <date>", text: "for a DAG: last logical date, inclusive", parse: isoDate },
    { flags: "--only-failed", text: "only failed and upstream_failed instances" },
    {
      flags: "--version <which>",
      text: "run the original version or the latest (default original)",
      parse: oneOf("original", "latest"),
    },
    { flags: "--dry-run", text: "only list the instances, without clearing them" },
  ],
  example: "dag clear 42 --task load --downstream --dry-run",
  document: async () => (await import("../documents/runs.ts")).cleared,
  run: async (cli, [name]: readonly [string], options: Options) =>
    withDatabase(cli, async (db) => {
      if (
        options.task === undefined &&
        (options.index !== undefined || options.downstream || options.upstream)
      )
        return wrongUsage("--task", "--index, --downstream and --upstream need --task");
      const selection = await selectionOf(db, name, options);
      const { clearRuns, previewClear } = await import("../../actions/index.ts");
      const runs = options.dryRun
        ? await previewClear(db, selection)
        : await clearRuns(db, { ...selection, actor: cli.config.user });
      return {
        json: { dryRun: options.dryRun ?? false, runs },
        lines: lines(runs, options.dryRun ?? false, cli.terminal.style),
      };
    }),
});

async function selectionOf(db: Database, name: string, options: Options): Promise<ClearSelection> {
  const { task, index, downstream, upstream, onlyFailed, version } = options;
  return {
    of: await targetOf(db, name, options),
    ...(task !== undefined && { taskId: task }),
    ...(index !== undefined && { mapIndex: index }),
    ...(version && { code: version }),
    ...{
      downstream: downstream ?? false,
      upstream: upstream ?? false,
      onlyFailed: onlyFailed ?? false,
    },
  };
}

async function targetOf(
  db: Database,
  name: string,
  { from, to }: Options,
): Promise<ClearSelection["of"]> {
  if (from === undefined && to === undefined) {
    const [run] = await findRuns(db, name);
    // The name of a DAG alone would mean all of its runs, which is too much for a
    // mistake.
    if (!run && (await isDag(db, name)))
      return wrongUsage("<run-or-dag>", `${name} is a DAG; choose its runs with --from or --to`);
    return { run: (run ?? (await needRun(db, name))).id };
  }
  await needDag(db, name);
  return { dagId: name, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

async function isDag(db: Database, name: string): Promise<boolean> {
  const { getDag } = await import("../../store/reads/dags.ts");
  return (await getDag(db, name)) !== undefined;
}

function lines(runs: readonly ClearedRun[], isDry: boolean, style: Style): readonly string[] {
  const rows = runs.flatMap(({ id, dagId, runId, instances }) =>
    instances.map((one) => [
      String(id),
      `${dagId}/${runId}`,
      one.mapIndex < 0 ? one.taskId : `${one.taskId}[${one.mapIndex}]`,
      stateCell(one.state, style),
      String(one.tryNumber),
    ]),
  );
  const count = `${rows.length} task ${rows.length === 1 ? "instance" : "instances"} of ${runs.length} ${runs.length === 1 ? "run" : "runs"}`;
  return [
    ...(rows.length === 0 ? [] : table(["run", "run id", "task", "state", "try"], rows)),
    isDry ? `${count} would be cleared. Nothing was changed.` : `Cleared ${count}.`,
  ];
}
