/** Opens Snowflake, whose package may be absent. */
import { loadPackage } from "dagsmith";
import type { SnowflakeClient } from "./client.ts";
import type { SnowflakeConfig } from "./config.ts";

/** Logs in when the first statement runs. `signal` cancels whatever runs. */
export async function openSnowflake(
  config: SnowflakeConfig,
  signal: AbortSignal,
): Promise<SnowflakeClient> {
  await loadPackage("snowflakeHook()", "snowflake-sdk", () => import("snowflake-sdk"));
  const { SnowflakeClient } = await import("./client.ts");
  return new SnowflakeClient(config, signal);
}
