/** What COPY … TO STDOUT writes. */
import type { Postgres } from "dagsmith/plugins/postgres";
import { to } from "pg-copy-streams";

export async function copyOut({ pool }: Postgres, statement: string): Promise<string> {
  const client = await pool.connect();
  try {
    return Buffer.concat(await client.query(to(statement)).toArray()).toString();
  } finally {
    client.release();
  }
}
