/** Whether this machine can install packages from PyPI, and a reason when it cannot. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Counterpart } from "./counterpart.ts";

const run = promisify(execFile);

/**
 * Asks the pip of a virtual environment, as plugins do: the pip of the system may refuse
 * to install anything.
 * @param requirement a small package that the tests install
 */
export async function findPyPI(requirement: string): Promise<Counterpart<"python3">> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-pypi-"));
  try {
    await run("python3", ["-m", "venv", join(folder, "venv")]);
    const download = ["-m", "pip", "download", "--no-deps", "--quiet", "-d", folder, requirement];
    await run(join(folder, "venv", "bin", "python"), download);
    return { found: "python3" };
  } catch (error) {
    return { missing: `packages of Python cannot be installed: ${String(error).slice(-300)}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
