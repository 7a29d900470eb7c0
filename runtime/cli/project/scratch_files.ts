/** The folder for the files of tasks in `dag test`. */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @param keep whether the folder stays when the command has ended */
export async function scratchFolder(keep: boolean): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-scratch-"));
  // At the exit: also a command that is interrupted leaves nothing.
  if (!keep) process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
