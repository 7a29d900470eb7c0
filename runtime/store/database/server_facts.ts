/**
 * What a server and whatever stands before it mean for dagsmith: for `dag doctor`, which
 * says what is wrong before a service finds out.
 */
import type pg from "pg";
import type { Queryable, Statement } from "./database.ts";
import { withClient } from "./probe.ts";
import { FORMATS } from "./session_settings.ts";
import { socketOf } from "./socket.ts";
import { rowsOf } from "./unnest.ts";

export interface ServerFacts {
  /** As the server names it, such as `15.18`. */
  readonly version: string;
  readonly isReadOnly: boolean;
  readonly maxConnections: number;
  readonly usedConnections: number;
  /** Formats that a session does not keep; empty as it should be. */
  readonly differentFormats: readonly string[];
  readonly between: Between;
}

/**
 * What stands between us and the server: `none`; a proxy or a pooler that keeps one
 * session for a connection; or a pooler in transaction mode, where each transaction may
 * have another session.
 */
type Between = "none" | "session" | "transaction";

const FACTS = {
  name: "server_facts",
  text: `
select current_setting('server_version') as version,
  pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on' as "isReadOnly",
  current_setting('max_connections')::int as "maxConnections",
  (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as "usedConnections"`,
};

/** @param db open at `url` */
export async function serverFacts(db: Queryable, url: string): Promise<ServerFacts> {
  const [facts] = await db.query<Omit<ServerFacts, "differentFormats" | "between">>(FACTS);
  if (!facts) throw new Error("the server answers no facts");
  return {
    ...facts,
    differentFormats: await differentFormats(db),
    between: await whatIsBetween(url),
  };
}

/**
 * Two connections that are open at once have two sessions, unless a pooler lends the
 * session of the idle one to the other. A session that sees another port than ours is
 * reached through a proxy.
 */
async function whatIsBetween(url: string): Promise<Between> {
  return withClient(url, async (first) => {
    const { pid, port } = await sessionOf(first);
    const lent = await withClient(url, async (second) => (await sessionOf(second)).pid === pid);
    if (lent) return "transaction";
    return port !== null && port !== socketOf(first).localPort ? "session" : "none";
  });
}

async function sessionOf(
  client: pg.Client,
): Promise<{ readonly pid: number; readonly port: number | null }> {
  // Port -1 is a socket of the file system.
  const { rows } = await client.query<{ pid: number; port: number | null }>(
    "select pg_backend_pid() as pid, nullif(inet_client_port(), -1) as port",
  );
  return rows[0] ?? { pid: 0, port: null };
}

const WANTED = rowsOf<readonly [name: string, wanted: string]>({
  name: ["text", ([name]) => name],
  wanted: ["text", ([, wanted]) => wanted],
});

const DIFFERENT: Statement = {
  name: "session_settings_different",
  text: `
select s.name, s.found from (select v.name, v.wanted, current_setting(v.name) as found
  from ${WANTED.as("v")}) s
where lower(s.found) <> lower(s.wanted) order by s.name`,
};

/**
 * Settings of formats that this session does not have as wanted; a pooler may have
 * dropped them.
 */
async function differentFormats(db: Queryable): Promise<readonly string[]> {
  const rows = await db.query<{ name: string; found: string }>(
    DIFFERENT,
    WANTED.values(Object.entries(FORMATS)),
  );
  return rows.map(({ name, found }) => `${name} = ${found}`);
}
