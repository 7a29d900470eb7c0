/**
 * Parts of a deployment that is being uploaded, by the hash of their content. They are
 * apart from bundles, so that an upload that was given up leaves no bundle behind.
 */
import type { Queryable, Statement } from "../database/database.ts";

// The chunks are in use again: the scheduler must not delete them before they are read.
const KNOWN: Statement = {
  name: "deployment_chunk_known",
  text: `
update dagsmith.deployment_chunk set created_at = now() where hash = any($1) returning hash`,
};

// A chunk that is sent again is in use again.
const PUT: Statement = {
  name: "deployment_chunk_put",
  text: `
insert into dagsmith.deployment_chunk (hash, content) values ($1, $2)
on conflict (hash) do update set created_at = now()`,
};

const STORED_BYTES: Statement = {
  name: "deployment_chunk_bytes",
  text: "select coalesce(sum(octet_length(content)), 0) as bytes from dagsmith.deployment_chunk",
};

const GET: Statement = {
  name: "deployment_chunk_get",
  text: "select hash, content from dagsmith.deployment_chunk where hash = any($1)",
};

const DELETE: Statement = {
  name: "deployment_chunk_delete",
  text: "delete from dagsmith.deployment_chunk where hash = any($1)",
};

const DELETE_OLD: Statement = {
  name: "deployment_chunk_delete_old",
  text: `
delete from dagsmith.deployment_chunk where hash in (
  select hash from dagsmith.deployment_chunk where created_at < now() - interval '1 day'
  for update skip locked)`,
};

/** Which of the hashes are stored. */
export async function knownChunks(
  db: Queryable,
  hashes: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ hash: string }>(KNOWN, [hashes]);
  return new Set(rows.map(({ hash }) => hash));
}

/** The contents of chunks by their hashes; unknown ones are missing. */
export async function getChunks(
  db: Queryable,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> {
  const rows = await db.query<{ hash: string; content: Buffer }>(GET, [hashes]);
  return new Map(rows.map(({ hash, content }) => [hash, content]));
}

export async function putChunk(db: Queryable, hash: string, content: Buffer): Promise<void> {
  await db.query(PUT, [hash, content]);
}

/** How many bytes all chunks have. */
export async function storedChunkBytes(db: Queryable): Promise<number> {
  return Number((await db.query<{ bytes: number }>(STORED_BYTES))[0]?.bytes ?? 0);
}

export async function deleteChunks(tx: Queryable, hashes: readonly string[]): Promise<void> {
  await tx.query(DELETE, [hashes]);
}

/** Deletes what was sent more than a day ago and never deployed. */
export async function deleteOldChunks(db: Queryable): Promise<void> {
  await db.query(DELETE_OLD);
}
