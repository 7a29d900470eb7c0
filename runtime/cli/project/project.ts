/**
 * The files of dagsmith in the folder of a project: `.dagsmith/`, created by `dag dev`,
 * by a worker and by `dag deploy`.
 */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Paths under `.dagsmith/`. */
export interface ProjectFiles {
  readonly folder: string;
  /** Data of the embedded PostgreSQL. */
  readonly postgres: string;
  readonly secretKey: string;
  /** The secret of the link to the page of `dag dev`. */
  readonly pageLink: string;
  /** The address of the `dag dev` that runs here. */
  readonly dev: string;
  /** Large values and files of tasks, in `dag dev`. */
  readonly values: string;
  /** Bundles on disk, to be imported. */
  readonly bundles: string;
  /** What the last `dag deploy` built, by folder. */
  readonly builds: string;
}

export function projectFiles(project: string): ProjectFiles {
  const folder = join(project, ".dagsmith");
  return {
    folder,
    postgres: join(folder, "postgres"),
    secretKey: join(folder, "secret.key"),
    pageLink: join(folder, "page.link"),
    dev: join(folder, "dev.json"),
    values: join(folder, "values"),
    bundles: join(folder, "bundles"),
    builds: join(folder, "builds"),
  };
}

/**
 * A folder for bundles: in the project, or a temporary one when the project cannot be
 * written.
 */
export async function bundleFolder(project: string): Promise<string> {
  const { bundles } = projectFiles(project);
  return mkdir(bundles, { recursive: true }).then(
    () => bundles,
    () => passingFolder(),
  );
}

async function passingFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-bundles-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A running `dag dev`. */
export interface RunningDev {
  readonly databaseUrl: string;
  readonly page: string;
  readonly pid: number;
}

/**
 * Writes the address of this process to a file that only its owner can read: the address
 * of the database contains its password.
 */
export async function writeRunningDev(files: ProjectFiles, dev: RunningDev): Promise<void> {
  await mkdir(files.folder, { recursive: true });
  // Removed first: the mode applies only to a file that is new.
  await rm(files.dev, { force: true });
  await writeFile(files.dev, JSON.stringify(dev), { mode: 0o600 });
}

/** Removes the file, unless another process has written its own since. */
export async function removeRunningDev(files: ProjectFiles): Promise<void> {
  const left = await readDevFile(files);
  if (left?.pid === process.pid) await rm(files.dev, { force: true });
}

/**
 * The `dag dev` that runs in this project. Null when there is none, or when it died and
 * left its file.
 */
export async function findRunningDev(files: ProjectFiles): Promise<RunningDev | null> {
  const dev = await readDevFile(files);
  return dev && isAlive(dev.pid) ? dev : null;
}

async function readDevFile(files: ProjectFiles): Promise<RunningDev | null> {
  try {
    return JSON.parse(await readFile(files.dev, "utf8")) as RunningDev;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
