/** `dag list`: lists the DAGs. */

import { schedulesText } from "../../timetable/schedule_text.ts";
import { command } from "../command.ts";
import { type KnownDag, knownDags } from "../find/dags.ts";
import { placed } from "../output/placed.ts";
import { table } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { cell, stateCell, timeText } from "../output/words.ts";

export const list = command({
  usage: "list",
  summary: "List DAGs: deployed ones, or those of the folder when there is no database",
  options: [
    { flags: "--folder <path>", text: "read the files of this folder instead of the database" },
  ],
  example: "dag list --json",
  document: async () => (await import("../documents/dags.ts")).list,
  run: async (cli, _args, options: { readonly folder?: string }) => {
    const { source, dags, errors } = await knownDags(cli, options.folder);
    const { style } = cli.terminal;
    return {
      json: { source, dags: dags.map(listed), errors },
      lines: [
        ...(dags.length === 0
          ? ["There are no DAGs."]
          : source === "database"
            ? deployedTable(dags, style)
            : filesTable(dags)),
        ...errors.map((error) => `${style.red("error")} ${placed(error)}`),
      ],
    };
  },
});

function listed({ dagId, file, spec, deployed }: KnownDag) {
  const { description, tags, schedules, assets, on, timezone } = spec;
  const of = {
    dagId,
    file,
    description,
    tags,
    schedules,
    assets,
    on,
    timezone,
    tasks: spec.tasks.length,
  };
  if (!deployed) return of;
  const {
    version,
    isPaused,
    pauseReason,
    nextRunAfter,
    scheduleError,
    atCapacity,
    lastRunState,
    lastRunAt,
  } = deployed;
  return {
    ...of,
    version,
    isPaused,
    pauseReason,
    nextRunAfter: isPaused ? null : nextRunAfter,
    scheduleError,
    atCapacity,
    lastRunState,
    lastRunAt,
  };
}

function filesTable(dags: readonly KnownDag[]): readonly string[] {
  return table(
    ["dag", "schedule", "tasks", "file", "description"],
    dags.map(({ dagId, spec, file }) => [
      dagId,
      schedulesText(spec.schedules, spec.assets, spec.on),
      String(spec.tasks.length),
      file,
      cell(spec.description),
    ]),
  );
}

function deployedTable(dags: readonly KnownDag[], style: Style): readonly string[] {
  return table(
    ["dag", "schedule", "tasks", "version", "last run", "next run", "file"],
    dags.map(({ dagId, spec, file, deployed }) => [
      dagId,
      schedulesText(spec.schedules, spec.assets, spec.on),
      String(spec.tasks.length),
      String(deployed?.version ?? "-"),
      deployed?.lastRunState ? stateCell(deployed.lastRunState, style) : "-",
      deployed?.isPaused
        ? style.yellow(deployed.pauseReason ? `paused: ${cell(deployed.pauseReason)}` : "paused")
        : deployed?.scheduleError
          ? style.red("schedule error")
          : deployed?.atCapacity
            ? style.yellow("at capacity")
            : timeText(deployed?.nextRunAfter),
      file,
    ]),
  );
}
