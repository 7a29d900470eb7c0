/** One try of a process task: its folder, its environment, its process, its output. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveField, type TaskContext } from "dagsmith";
import { checkEnd } from "./process_error.ts";
import { type ProcessResult, storeFiles } from "./process_files.ts";
import { processEnvironment, processInput } from "./process_input.ts";
import type { ProcessOptions } from "./process_options.ts";
import { checkOutput, readOutput } from "./process_output.ts";
import { runProcess } from "./run_process.ts";

/** The process of a task. */
export interface ProcessCommand {
  /** The process, as messages name it. */
  readonly name: string;
  /** The program, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Files that the command needs, by their names in the folder of the try. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Runs the process of a task and reads its output.
 * @param make makes the command; it gets the folder of the try, which is removed at the
 *   end
 */
export async function runProcessTask<Output, Context extends TaskContext, Files extends string>(
  make: (folder: string) => Promise<ProcessCommand>,
  options: ProcessOptions<Output, Context, Files>,
  context: Context,
): Promise<ProcessResult<Output, Files>> {
  // Outside of what the process sees as its own folder, so that it lists no file of ours.
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-try-"));
  try {
    const { name, command, files = {} } = await make(folder);
    const work = await mkdtemp(join(folder, "work-"));
    const places = { input: join(folder, "input.json"), output: join(folder, "output") };
    const input = await processInput(context, (file) => context.files.path(file));
    await writeFiles(folder, { ...files, "input.json": input });
    const { stdin, logLevels } = options;
    const cwd = (await resolveField(options.cwd, context)) ?? work;
    const end = await runProcess(
      {
        ...{ command, cwd },
        env: await processEnvironment(options, context, places),
        ...(stdin !== undefined && { stdin: await resolveField(stdin, context) }),
        ...(logLevels && { logLevels }),
      },
      context,
    );
    checkEnd(name, end, options);
    const written = await readOutput(places.output);
    const output = await checkOutput(written, end.lastStdout, options.output);
    if (options.files === undefined) return output as ProcessResult<Output, Files>;
    const stored = await storeFiles(options.files, cwd, context.files);
    return { output, files: stored } as ProcessResult<Output, Files>;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}
