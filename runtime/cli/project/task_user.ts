/** The user of the system that task processes of this project run as: DAG_TASK_USER. */
import { join } from "node:path";
import type { TaskUser } from "../../executor/task_user.ts";
import type { Cli } from "../command.ts";
import { projectFiles } from "./project.ts";

/** @throws DagsmithError TASK_USER_REFUSED */
export async function findUserOfTasks({
  config: { taskUser },
  folder,
}: Pick<Cli, "config" | "folder">): Promise<TaskUser | undefined> {
  if (taskUser === null) return undefined;
  const { findTaskUser } = await import("../../executor/task_user.ts");
  const { secretKey, pageLink, dev, postgres } = projectFiles(folder);
  const secretFiles = [secretKey, pageLink, dev, join(postgres, "password")];
  return findTaskUser(taskUser, { folder, secretFiles });
}

/**
 * The user that imports DAG files: the same. A person who is not root imports them as
 * themselves.
 * @throws DagsmithError TASK_USER_REFUSED
 */
export async function findUserOfImports(
  cli: Pick<Cli, "config" | "folder">,
): Promise<TaskUser | undefined> {
  return process.getuid?.() === 0 ? findUserOfTasks(cli) : undefined;
}
