/** The connection types of this project. */
import type { ConnectionTypes } from "../../connections/connection_types.ts";
import type { Cli } from "../command.ts";
import { findUserOfImports } from "./task_user.ts";

/** @throws DagsmithError TASK_USER_REFUSED */
export async function openConnectionTypes(
  cli: Pick<Cli, "config" | "folder">,
): Promise<ConnectionTypes> {
  const { connectionTypes } = await import("../../connections/connection_types.ts");
  return connectionTypes({
    packages: cli.config.connectionTypes,
    projectFolder: cli.folder,
    environment: cli.config.taskEnvironment,
    user: await findUserOfImports(cli),
  });
}
