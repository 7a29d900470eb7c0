/** Whether a database answers, within a time that people wait: the pool itself waits for a lost server as long as it takes. */
import pg from "pg";
import { DagsmithError } from "../../../sdk/errors.ts";

/** Longest wait for a connection and one answer, in milliseconds. */
const PATIENCE_MS = 4_000;

/** @throws DagsmithError NO_DATABASE, with the address but not the password */
export async function assertReachable(url: string): Promise<void> {
  try {
    await withClient(url, (client) => client.query("select 1"));
  } catch (error) {
    if (error instanceof DagsmithError) throw error;
    throw new DagsmithError("NO_DATABASE", { url: withoutPassword(url), reason: reasonOf(error) });
  }
}

/** Runs `work` with a connection of its own, and closes it. */
export async function withClient<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = clientFor(url);
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function clientFor(url: string): pg.Client {
  try {
    return new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: PATIENCE_MS,
      query_timeout: PATIENCE_MS,
    });
  } catch (error) {
    throw new DagsmithError("NO_DATABASE", { url: withoutPassword(url), reason: reasonOf(error) });
  }
}

/** The address as it may be shown. */
export function withoutPassword(url: string): string {
  try {
    const shown = new URL(url);
    if (shown.password) shown.password = "***";
    for (const name of shown.searchParams.keys())
      if (/password|key/.test(name)) shown.searchParams.set(name, "***");
    return shown.href;
  } catch {
    return "the address in DATABASE_URL";
  }
}

/** A name with several addresses fails with one error for each, and no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError)
    return error.errors.map((one: Error) => one.message).join("; ");
  return error instanceof Error ? error.message || error.name : String(error);
}
