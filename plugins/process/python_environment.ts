/**
 * Virtual environments of Python, made once on a machine for each list of requirements.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat, symlink, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { DagsmithError, type TaskContext } from "dagsmith";
import { type ProcessEnd, runProcess } from "./run_process.ts";

/**
 * Which Python a script needs.
 * @example const needs: PythonEnvironmentOptions = { requirements: ["requests==2.32.3"] };
 */
export interface PythonEnvironmentOptions {
  /** Packages as pip names them, best with exact versions. Default: none. */
  readonly requirements?: readonly string[];
  /** A version such as `"3.12"`. Default: the `python3` of the machine. */
  readonly version?: string;
}

type Surroundings = Pick<TaskContext, "log" | "signal">;

const UNUSED_DAYS = 30;

/**
 * The Python interpreter for a list of requirements. Makes its environment when this
 * machine has none yet, with `uv` where it is installed, else with venv and pip.
 * @throws DagsmithError PYTHON_MISSING, REQUIREMENTS_UNRESOLVED; REQUIREMENTS_NOT_INSTALLED
 *   when the packages cannot be fetched, after which the task is retried
 * @example
 * const interpreter = await pythonEnvironment({ requirements: ["duckdb==1.3.0"] }, context);
 */
export async function pythonEnvironment(
  { requirements = [], version }: PythonEnvironmentOptions,
  surroundings: Surroundings,
): Promise<string> {
  const system = `python${version ?? "3"}`;
  if (requirements.length === 0) return system;
  const home = join(homedir(), ".cache", "dagsmith", "python");
  const link = join(home, keyOf(requirements, version));
  const interpreter = join(link, "bin", "python");
  if (!(await isUsed(link))) {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await removeUnused(home);
    await make(home, link, requirements, version, surroundings);
  }
  return interpreter;
}

function keyOf(requirements: readonly string[], version: string | undefined): string {
  const text = JSON.stringify([[...requirements].sort(), version ?? null]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** Marks an environment as used now. False when it does not exist. */
async function isUsed(link: string): Promise<boolean> {
  const now = new Date();
  return utimes(link, now, now).then(
    () => true,
    () => false,
  );
}

/**
 * Makes an environment in a folder of its own, and then a link to it. Two tries may make
 * the same environment at once: the first link stays, and the other folder is removed. An
 * environment that was not finished has no link.
 */
async function make(
  home: string,
  link: string,
  requirements: readonly string[],
  version: string | undefined,
  surroundings: Surroundings,
): Promise<void> {
  const folder = join(home, `made-${randomUUID()}`);
  try {
    await fill(folder, requirements, version, surroundings);
    await symlink(folder, link);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

async function fill(
  folder: string,
  requirements: readonly string[],
  version: string | undefined,
  surroundings: Surroundings,
): Promise<void> {
  const run = async (...command: readonly [string, ...string[]]): Promise<ProcessEnd> =>
    runProcess({ command, cwd: "/", logLevels: QUIET }, surroundings);
  const python = version ?? "3";
  const interpreter = join(folder, "bin", "python");
  const hasUv = (await run("uv", "--version")).exitCode === 0;
  const made = hasUv
    ? await run("uv", "venv", "--quiet", "--python", python, folder)
    : await run(`python${python}`, "-m", "venv", folder);
  if (made.exitCode !== 0)
    throw new DagsmithError("PYTHON_MISSING", {
      version: python,
      reason: made.lastLines.join("\n"),
    });
  const installed = hasUv
    ? await run("uv", "pip", "install", "--quiet", "--python", interpreter, ...requirements)
    : await run(interpreter, "-m", "pip", "install", "--quiet", ...PIP, ...requirements);
  if (installed.exitCode !== 0) throw installError(requirements, installed);
}

const QUIET = { stdout: "debug", stderr: "debug" } as const;
const PIP = ["--disable-pip-version-check", "--no-input"];
/** How pip and uv say that no version of a package fits. */
const UNRESOLVED =
  /No matching distribution|ResolutionImpossible|No solution found|Invalid requirement|Failed to parse|not found in the package registry/i;

/** After its last retry pip also writes that no distribution matches. */
const UNREACHED = /Retrying \(Retry\(total=0\b/;

function installError(requirements: readonly string[], { lastLines }: ProcessEnd): Error {
  const reason = lastLines.join("\n");
  const unresolved = UNRESOLVED.test(reason) && !UNREACHED.test(reason);
  return new DagsmithError(unresolved ? "REQUIREMENTS_UNRESOLVED" : "REQUIREMENTS_NOT_INSTALLED", {
    requirements: requirements.join(", "),
    reason,
  });
}

/**
 * Removes environments that no task used for a long time, and folders of makers that
 * died.
 */
async function removeUnused(home: string): Promise<void> {
  const limit = Date.now() - UNUSED_DAYS * 86_400_000;
  for (const name of await readdir(home)) {
    const path = join(home, name);
    const found = await stat(path).catch(() => null);
    if (found !== null && found.mtimeMs > limit) continue;
    await rm(path, { recursive: true, force: true });
  }
}
