/**
 * Checks within seconds whether a database answers and can hold our tables. The pool
 * would wait for a lost server for ever.
 */
import pg from "pg";
import { DagsmithError } from "../../../sdk/errors.ts";

/** Longest wait for a connection and one answer, in milliseconds. */
const PATIENCE_MS = 4_000;

const OLDEST_VERSION = 14;

const ABOUT_SERVER = `
select current_setting('server_version_num')::int as version, current_setting('server_version') as found,
  current_setting('server_encoding') as encoding`;

/**
 * Addresses in errors are without the password.
 * @throws DagsmithError NO_DATABASE, DATABASE_TOO_OLD, DATABASE_ENCODING
 */
export async function assertReachable(url: string): Promise<void> {
  try {
    const { rows } = await withClient(url, (client) => client.query<ServerRow>(ABOUT_SERVER));
    for (const row of rows) refuseServer(row, withoutPassword(url));
  } catch (error) {
    if (error instanceof DagsmithError) throw error;
    throw new DagsmithError("NO_DATABASE", { url: withoutPassword(url), reason: reasonOf(error) });
  }
}

/** @throws DagsmithError DATABASE_TOO_OLD, DATABASE_ENCODING */
export function refuseServer({ version, found, encoding }: ServerRow, url: string): void {
  if (version < OLDEST_VERSION * 10_000)
    throw new DagsmithError("DATABASE_TOO_OLD", { url, found });
  if (encoding !== "UTF8") throw new DagsmithError("DATABASE_ENCODING", { url, found: encoding });
}

interface ServerRow {
  readonly version: number;
  readonly found: string;
  readonly encoding: string;
}

/** Runs `work` with a new connection, and closes it. */
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

/** The address without its secrets. */
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

/**
 * A host name with several addresses fails with one error for each and an empty message.
 */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError)
    return error.errors.map((one: Error) => one.message).join("; ");
  return error instanceof Error ? error.message || error.name : String(error);
}
