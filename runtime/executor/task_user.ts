/**
 * The user of the operating system that task processes run as. A worker that is root can
 * start them as a user who may not read the worker's environment, key and files.
 */
import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { errorMessage } from "../../sdk/error_message.ts";
import { DagsmithError } from "../../sdk/errors.ts";

/** The program of a task process. */
export const MAIN: string = fileURLToPath(
  new URL(`../child/main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

/** A user that was checked by {@link findTaskUser}. */
export interface TaskUser {
  readonly uid: number;
  readonly gid: number;
  /** Null: a user without an entry in /etc/passwd. */
  readonly home: string | null;
}

/** What the user must, and must not, be able to reach. */
export interface TaskUserNeeds {
  /** The folder of the project, where packages are looked up. */
  readonly folder: string;
  /** Files with secrets of dagsmith. Those that do not exist are left out. */
  readonly secretFiles: readonly string[];
}

/**
 * The user named by DAG_TASK_USER: a name of /etc/passwd, or `uid:gid` in digits.
 * @throws DagsmithError TASK_USER_REFUSED
 */
export async function findTaskUser(name: string, needs: TaskUserNeeds): Promise<TaskUser> {
  const refuse = (reason: string): never => {
    throw new DagsmithError("TASK_USER_REFUSED", { user: name, reason });
  };
  if (process.getuid?.() !== 0) refuse("only a worker that runs as root can change the user");
  const user = (await userNamed(name)) ?? refuse("there is no such user in /etc/passwd");
  if (user.uid === 0) refuse("root can read everything");
  const owned = await ownedBy(user, needs.secretFiles);
  if (owned !== undefined) refuse(`that user owns ${owned}, which holds a secret of dagsmith`);
  await tryToRun(user, needs).catch((error: unknown) => refuse(errorMessage(error)));
  return user;
}

async function userNamed(name: string): Promise<TaskUser | undefined> {
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(name) ?? [];
  const users = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const found = users.find((fields) =>
    uid === undefined ? fields[0] === name : fields[2] === uid,
  );
  if (uid === undefined && !found) return undefined;
  return {
    uid: Number(uid ?? found?.[2]),
    gid: Number(gid ?? found?.[3]),
    home: found?.[5] ?? null,
  };
}

async function ownedBy({ uid }: TaskUser, files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if ((await stat(file).catch(() => undefined))?.uid === uid) return file;
  return undefined;
}

/** A program that fails when its user cannot read what it is given. */
const READS = `for (const path of process.argv.slice(1)) require("node:fs").accessSync(path);`;

async function tryToRun({ uid, gid }: TaskUser, { folder }: TaskUserNeeds): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, ["-e", READS, MAIN, folder], {
      ...{ uid, gid, env: {}, cwd: "/" },
    });
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    const denied = /EACCES: permission denied, access '([^']*)'/.exec(stderr ?? "")?.[1];
    throw new Error(
      `that user cannot read ${denied ?? process.execPath}; let everybody read it, or install it elsewhere`,
      { cause: error },
    );
  }
}
