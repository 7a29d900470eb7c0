/** Programs and packages from PyPI, and a reason when this machine cannot install them. */
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

export interface InstalledProgram {
  /** Kept between runs, because an installation takes a minute. */
  readonly folder: string;
  /** With its version. */
  readonly requirement: string;
  /** The program, under `bin`. */
  readonly program: string;
  /** An argument with which the program only prints. */
  readonly probe: string;
}

/** The path of a program that comes with a package; installed when it is missing. */
export async function findInstalled(wanted: InstalledProgram): Promise<Counterpart<string>> {
  const { folder, requirement, program, probe } = wanted;
  const found = join(folder, "bin", program);
  try {
    if (!(await runs(found, probe))) {
      // An installation that was cut short, or whose Python has gone.
      await rm(folder, { recursive: true, force: true });
      await run("python3", ["-m", "venv", folder]);
      await run(join(folder, "bin", "pip"), ["install", "--quiet", requirement]);
    }
    return { found };
  } catch (error) {
    return { missing: `${requirement} cannot be installed: ${String(error).slice(0, 200)}` };
  }
}

/** Whether a program starts. */
export const runs = (program: string, probe: string): Promise<boolean> =>
  run(program, [probe]).then(
    () => true,
    () => false,
  );
