/**
 * Every command, in the order in which `dag --help` lists them: first those for writing a
 * DAG, then those of a deployment.
 */
import type { AnyCommand } from "./command.ts";
import { label, note } from "./commands/annotate.ts";
import { assets } from "./commands/assets.ts";
import { audit } from "./commands/audit.ts";
import {
  backfill,
  backfills,
  cancelBackfill,
  pauseBackfill,
  resumeBackfill,
} from "./commands/backfill.ts";
import { callbacks } from "./commands/callbacks.ts";
import { cancel } from "./commands/cancel.ts";
import { changes } from "./commands/changes.ts";
import { check } from "./commands/check.ts";
import { clean } from "./commands/clean.ts";
import { clear } from "./commands/clear.ts";
import { connections } from "./commands/connections.ts";
import { decisions } from "./commands/decisions.ts";
import { deploy } from "./commands/deploy.ts";
import { deployments } from "./commands/deployments.ts";
import { dev } from "./commands/dev.ts";
import { doctor } from "./commands/doctor.ts";
import { event } from "./commands/event.ts";
import { importCommands } from "./commands/import_airflow.ts";
import { init } from "./commands/init.ts";
import { keys } from "./commands/keys.ts";
import { list } from "./commands/list.ts";
import { logs } from "./commands/logs.ts";
import { mark } from "./commands/mark.ts";
import { mcp } from "./commands/mcp.ts";
import { migrate } from "./commands/migrate.ts";
import { next } from "./commands/next.ts";
import { pause, unpause } from "./commands/pause.ts";
import { pools } from "./commands/pools.ts";
import { answer, questions } from "./commands/questions.ts";
import { replay } from "./commands/replay.ts";
import { scheduler, start, web, worker } from "./commands/roles.ts";
import { promote, rollback } from "./commands/rollback.ts";
import { runs } from "./commands/runs.ts";
import { type NamedCommand, schemaOf } from "./commands/schema.ts";
import { show } from "./commands/show.ts";
import { simulate } from "./commands/simulate.ts";
import { state } from "./commands/state.ts";
import { tasks } from "./commands/tasks.ts";
import { test } from "./commands/test.ts";
import { tokens } from "./commands/tokens.ts";
import { trigger } from "./commands/trigger.ts";
import { users } from "./commands/users.ts";
import { variables } from "./commands/variables.ts";
import { versions } from "./commands/versions.ts";
import { why } from "./commands/why.ts";

export const commands: readonly AnyCommand[] = [
  ...[init, check, list, show, next, simulate, test, dev],
  ...[start, scheduler, worker, web, migrate, deploy, deployments, versions, promote, rollback],
  ...[
    trigger,
    runs,
    decisions,
    tasks,
    why,
    logs,
    replay,
    callbacks,
    questions,
    answer,
    pause,
    unpause,
    cancel,
    clear,
    mark,
    note,
    label,
    audit,
  ],
  ...[backfill, backfills, pauseBackfill, resumeBackfill, cancelBackfill, clean, doctor],
  mcp({
    reading: [
      list,
      show,
      check,
      next,
      simulate,
      runs,
      tasks,
      why,
      logs,
      decisions,
      callbacks,
      questions,
      versions,
      deployments,
      audit,
      backfills,
      doctor,
    ],
    acting: [trigger, backfill, pause, unpause, cancel, clear, mark, answer, note, label],
  }),
  schemaOf(allCommands),
];

/** Commands with subcommands. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly AnyCommand[];
}

export const groups: readonly CommandGroup[] = [
  {
    name: "import",
    summary: "Write DAGs from the files of other orchestrators",
    commands: importCommands,
  },
  { name: "event", summary: "Send events to the tasks of a run", commands: event },
  connections,
  variables,
  keys,
  state,
  pools,
  assets,
  changes,
  users,
  tokens,
];

/** Every command, those of groups too, by all its words. */
export function allCommands(): readonly NamedCommand[] {
  return [
    ...commands.map((command) => ({ name: verbOf(command), command })),
    ...groups.flatMap((group) =>
      group.commands.map((command) => ({ name: `${group.name} ${verbOf(command)}`, command })),
    ),
  ];
}

const verbOf = ({ usage }: AnyCommand): string => usage.split(" ")[0] ?? usage;
