/** The `.env` file of a project, for the commands with which people try their DAGs. */
import { existsSync } from "node:fs";
import { join } from "node:path";

const COMMANDS = ["test", "dev"];

/**
 * Adds the variables of `.env` to the environment. A variable that is set already keeps
 * its value. Deployments set theirs otherwise, so other commands do not read the file.
 */
export function loadEnvFile(folder: string, argv: readonly string[]): void {
  const file = join(folder, ".env");
  const command = argv.find((argument) => !argument.startsWith("-"));
  if (command !== undefined && COMMANDS.includes(command) && existsSync(file))
    process.loadEnvFile(file);
}
