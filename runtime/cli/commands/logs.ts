/** `dag logs`: the log of one try of a task. */
import { poll } from "../../service/poll.ts";
import type { Database } from "../../store/database/database.ts";
import type { InstanceRow } from "../../store/reads/instances.ts";
import { LOG_START, readLog, type StoredLogLine } from "../../store/reads/log.ts";
import type { RunDetail } from "../../store/reads/runs.ts";
import { type Cli, command, wrongUsage } from "../command.ts";
import { needRun, RUN_NAMES } from "../find/runs.ts";
import { findTaskInstance } from "../find/tasks.ts";
import { wholeNumber } from "../input/option_values.ts";
import { type Style, safeText } from "../output/terminal.ts";
import type { Hide } from "../output/without_secrets.ts";
import { withDatabase } from "../project/database.ts";
import { openHide } from "../project/secrets.ts";

interface Options {
  readonly try?: number;
  readonly mapIndex?: number;
  readonly follow?: true;
}

export const logs = command({
  usage: "logs <run> [task]",
  summary: "Print the log of a task's try, or of a run's callbacks",
  more: `${RUN_NAMES} With --json, all lines are one document: {"lines": [{"time", "level", "source", "text"}]}.`,
  options: [
    {
      flags: "--try <n>",
      text: "which try (default: the latest that has started)",
      parse: wholeNumber(1, 1_000_000),
    },
    {
      flags: "--map-index <n>",
      text: "which instance of a mapped task",
      parse: wholeNumber(0, 10_000_000),
    },
    { flags: "--follow", text: "follow the log until the task has ended" },
  ],
  example: "dag logs 42 load --follow",
  document: async () => (await import("../documents/runs.ts")).log,
  run: async (cli, [name, taskId]: readonly [string, string | undefined], options: Options) =>
    withDatabase(cli, async (db) => {
      const hide = await openHide(cli, db);
      const run = hide(await needRun(db, name));
      if (taskId === undefined) return logOfRun(cli, db, hide, run);
      const instance = await findTaskInstance(db, run, taskId, options.mapIndex);
      if (!instance && !options.follow)
        return { json: { run, taskId, lines: [] }, lines: [`${taskId} has not started.`] };
      const collected: StoredLogLine[] = [];
      const onLine = cli.json
        ? (line: StoredLogLine) => void collected.push(hide(line))
        : (line: StoredLogLine) => cli.say(lineText(hide(line), cli.terminal.style));
      const find = () => findTaskInstance(db, run, taskId, options.mapIndex);
      if (options.follow) await follow(db, find, options.try, onLine);
      else if (instance)
        await readLog(db, instance.id, tryOf(instance, options.try), LOG_START, onLine);
      return { json: { run, taskId, lines: collected } };
    }),
});

/**
 * The log of the run's own callbacks. The callbacks of its tasks are in the tasks' logs.
 */
async function logOfRun(cli: Cli, db: Database, hide: Hide, run: RunDetail) {
  const { listCallbacks } = await import("../../store/reads/callbacks.ts");
  const own = (await listCallbacks(db, run.id)).filter(({ taskId }) => taskId === null);
  const lines = own
    .flatMap((one) => one.lines.split("\n").filter((line) => line !== ""))
    .map((line) => hide(JSON.parse(line) as StoredLogLine));
  return {
    json: { run, taskId: null, lines },
    lines: lines.map((line) => lineText(line, cli.terminal.style)),
  };
}

/** While an instance waits for its next try, the log of the try before is shown. */
function tryOf(instance: InstanceRow, wanted: number | undefined): number {
  const latest =
    instance.startedAt === null && instance.finishedAt === null
      ? Math.max(1, instance.tryNumber - 1)
      : instance.tryNumber;
  if (wanted !== undefined && wanted > instance.tryNumber)
    wrongUsage("--try", `there is no try ${wanted}; the latest is ${instance.tryNumber}`);
  return wanted ?? latest;
}

/** How often the database is asked for new lines, in milliseconds. */
const POLL_MS = 300;

/**
 * Prints lines as they arrive, from try to try unless one was named, and ends after the
 * last line of the last try.
 */
async function follow(
  db: Database,
  find: () => Promise<InstanceRow | null>,
  wanted: number | undefined,
  onLine: (line: StoredLogLine) => void,
): Promise<void> {
  let position = LOG_START;
  let following = wanted;
  /** @returns whether the last line of the last try was printed */
  const look = async (): Promise<boolean> => {
    // The state is read before the lines: then all lines before the end are stored
    // already.
    const instance = await find();
    following ??= instance ? tryOf(instance, undefined) : undefined;
    if (!instance || following === undefined) return false;
    position = await readLog(db, instance.id, following, position, onLine);
    if (instance.tryNumber <= following) return instance.finishedAt !== null;
    if (wanted !== undefined) return true;
    following += 1;
    position = LOG_START;
    return look();
  };
  await poll(async () => (await look()) || undefined, { firstMs: POLL_MS });
}

/** `04:00:01 info  text`; the output of tasks must not control the terminal. */
function lineText(
  { time, level, text }: Pick<StoredLogLine, "time" | "level" | "text">,
  style: Style,
): string {
  const paint = level === "error" ? style.red : level === "warn" ? style.yellow : style.dim;
  return `${style.dim(time.slice(11, 19))} ${paint(level.padEnd(5))} ${safeText(text)}`;
}
