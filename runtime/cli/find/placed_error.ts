/**
 * The place of an error in a DAG file that this process imported. A stack here names
 * bundles and this runtime, so the file is inspected as `dag check` inspects it.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage } from "../../../sdk/error_message.ts";
import { DagsmithError, isDagsmithError } from "../../../sdk/errors.ts";
import type { Bundle } from "../../bundler/bundle.ts";
import type { ImportError } from "../../bundler/version.ts";
import type { Cli } from "../command.ts";
import { placed } from "../output/placed.ts";

/**
 * @param folder the home of the bundle
 * @returns the error with file and line; as it was when only this process meets it
 */
export async function placedError(
  cli: Pick<Cli, "config">,
  error: unknown,
  bundle: Bundle,
  folder: string,
): Promise<unknown> {
  const found = await inspected(cli, bundle, folder);
  if (found === null) return error;
  if (isDagsmithError(error)) return Object.assign(error, { message: placed(found) });
  const [file, reason] = [found.file, errorMessage(error)];
  const failed = new DagsmithError("IMPORT_FAILED", { file, reason }, { cause: error });
  // The message alone is not enough: the stack of code of the user tells the way to it.
  const frames = (found.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return Object.assign(failed, { message: [placed(found), ...frames].join("\n") });
}

async function inspected(
  { config }: Pick<Cli, "config">,
  bundle: Bundle,
  folder: string,
): Promise<ImportError | null> {
  const [{ startInspector }, { atLikelyCause }, { factsOf }] = await Promise.all([
    import("../../bundler/inspector.ts"),
    import("../../bundler/folder.ts"),
    import("../../bundler/facts.ts"),
  ]);
  const inspector = startInspector(folder, { environment: config.inherited, processes: 1 });
  try {
    const [inspection] = await inspector.inspectAll([bundle]);
    const error = inspection?.error ?? null;
    if (error === null) return null;
    const text = await readFile(join(folder, bundle.file), "utf8");
    return atLikelyCause(error, factsOf(bundle.file, text));
  } finally {
    await inspector.stop();
  }
}
