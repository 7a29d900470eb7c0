/** Opens a DuckDB. Loads its package, which only users of this plugin install. */
import { loadPackage } from "dagsmith";
import type { OpenDuckdb } from "./session.ts";
import type { DuckdbSettings } from "./settings.ts";

/**
 * Opens a database; `signal` interrupts what runs.
 * @throws DagsmithError PACKAGE_MISSING; FailTask or Error when the file cannot be opened
 */
export async function openDuckdb(
  settings: DuckdbSettings,
  signal: AbortSignal,
): Promise<OpenDuckdb> {
  await loadPackage("DuckDB", "@duckdb/node-api", () => import("@duckdb/node-api"));
  const { openClient } = await import("./client.ts");
  return openClient(settings, signal);
}
