/** A task in a process in which a package is not installed. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const RESOLVE = join(import.meta.dirname, "../../runtime/child/resolve.ts");

/**
 * Runs the task without the package.
 * @param imports lines of code that the task needs
 * @param task the expression of its body
 * @returns code and message of its error
 */
export async function errorWithout(name: string, imports: string, task: string): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-without-"));
  try {
    const program = join(folder, "without.ts");
    await writeFile(program, programOf(name, imports, task));
    return JSON.parse((await run(process.execPath, [program])).stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const programOf = (name: string, imports: string, task: string): string => `
import { registerHooks } from "node:module";
import { resolveBundle } from ${JSON.stringify(RESOLVE)};
resolveBundle("/without.ts", {});
const nowhere = (context) => ({ ...context, parentURL: "file:///nowhere/a.js" });
registerHooks({
  resolve: (name, context, next) =>
    next(name, name === ${JSON.stringify(name)} ? nowhere(context) : context),
});
${imports}
const context = { signal: new AbortController().signal, rendered() {} };
const error = await (${task})(context).catch((error) => error);
console.log(JSON.stringify([error.code, error.message]));
`;
