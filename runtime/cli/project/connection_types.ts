/** The connection types of this project, and how code of plugins is started. */
import type {
  ConnectionTypes,
  ConnectionTypesOptions,
} from "../../connections/connection_types.ts";
import type { Cli } from "../command.ts";
import { findUserOfImports } from "./task_user.ts";

/** @throws DagsmithError TASK_USER_REFUSED */
export async function openConnectionTypes(
  cli: Pick<Cli, "config" | "folder">,
): Promise<ConnectionTypes> {
  const { connectionTypes } = await import("../../connections/connection_types.ts");
  return connectionTypes(await pluginProcesses(cli));
}

/**
 * The packages with plugins of this project, and the processes that load them.
 * @throws DagsmithError TASK_USER_REFUSED
 */
export async function pluginProcesses(
  cli: Pick<Cli, "config" | "folder">,
): Promise<ConnectionTypesOptions> {
  return {
    packages: cli.config.connectionTypes,
    projectFolder: cli.folder,
    environment: cli.config.taskEnvironment,
    user: await findUserOfImports(cli),
  };
}
