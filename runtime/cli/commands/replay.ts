/** `dag replay`: runs a past try again in this process, and records nothing. */
import { errorTitle } from "../../../sdk/error_message.ts";
import type { StoredError } from "../../state/stored_error.ts";
import { type Cli, command } from "../command.ts";
import { needRun, RUN_NAMES } from "../find/runs.ts";
import { wholeNumber } from "../input/option_values.ts";
import { withTaskOutput } from "../output/task_output.ts";
import { safeText } from "../output/terminal.ts";
import { durationCell, stateCell } from "../output/words.ts";
import { withDatabase } from "../project/database.ts";
import { bundleFolder } from "../project/project.ts";
import { openResolver } from "../project/secrets.ts";
import type { Replay } from "../replay.ts";
import { xcomFiles } from "../services/services.ts";

interface Options {
  readonly try?: number;
  readonly mapIndex?: number;
}

export const replay = command({
  usage: "replay <run> <task>",
  summary: "Run a past try again in this process, and record nothing",
  more: `${RUN_NAMES} It runs the version of that try, with the params of that time, the recorded inputs and interval, and the connections of this command line. Effects on outside systems happen again. To stop at a breakpoint: node --inspect-brk node_modules/.bin/dag replay 42 load. Exit code 1 when it failed.`,
  options: [
    {
      flags: "--try <n>",
      text: "the try to repeat (default: the last)",
      parse: wholeNumber(1, 1_000_000),
    },
    {
      flags: "--map-index <n>",
      text: "which instance of a mapped task",
      parse: wholeNumber(0, 10_000_000),
    },
  ],
  example: "dag replay 42 load --try 1",
  document: async () => (await import("../documents/runs.ts")).replayed,
  run: async (cli, [name, taskId]: readonly [string, string], options: Options) =>
    withDatabase(cli, async (db) => {
      const run = await needRun(db, name);
      const { findTaskInstance } = await import("../find/tasks.ts");
      const instance = await findTaskInstance(db, run, taskId, options.mapIndex);
      const mapIndex = instance?.mapIndex ?? options.mapIndex ?? -1;
      const { replay: replayed } = await import("../replay.ts");
      const secrets = await openResolver(cli, db);
      await secrets.learnStored();
      const log = (level: string, text: string): void =>
        cli.say(`    ${level.padEnd(5)} ${safeText(secrets.mask(text))}`);
      const request = {
        ...{ run: run.id, taskId, mapIndex, tryNumber: options.try },
        ...{ folder: cli.folder, bundles: await bundleFolder(cli.folder), xcoms: xcomFiles(cli) },
      };
      const startedAt = performance.now();
      const done = await withTaskOutput({ mask: secrets.mask, toStderr: cli.json }, () =>
        replayed(db, request, { connection: secrets.connection, variable: secrets.variable, log }),
      );
      return outcomeOf(cli, { taskId, mapIndex }, done, {
        mask: secrets.mask,
        tookMs: performance.now() - startedAt,
      });
    }),
});

function outcomeOf(
  { terminal: { style } }: Cli,
  of: { readonly taskId: string; readonly mapIndex: number },
  { result, tryNumber, version }: Replay,
  { mask, tookMs }: { readonly mask: (text: string) => string; readonly tookMs: number },
) {
  const { outcome } = result;
  const output = outcome === "success" && result.output !== null ? mask(result.output) : null;
  const error = outcome === "failed" ? result.error : null;
  const name = of.mapIndex < 0 ? of.taskId : `${of.taskId}[${of.mapIndex}]`;
  const shownText = error ? safeText(mask(error.stack || errorTitle(error))) : output;
  return {
    json: {
      ...{
        ...of,
        tryNumber,
        version,
        outcome,
        output: output === null ? null : (JSON.parse(output) as unknown),
      },
      error: error && maskedError(error, mask),
    },
    lines: [
      ...(shownText === null ? [] : [error ? style.red(shownText) : safeText(shownText)]),
      `${stateCell(outcome, style)} ${name} as try ${tryNumber}, version ${version} ${style.dim(durationCell(tookMs))}; nothing was recorded`,
    ],
    failed: outcome === "failed",
  };
}

function maskedError(
  { name, message, stack, code }: StoredError,
  mask: (text: string) => string,
): StoredError {
  const shown = { name, message: mask(message), stack: mask(stack) };
  return code === undefined ? shown : { ...shown, code: mask(code) };
}
