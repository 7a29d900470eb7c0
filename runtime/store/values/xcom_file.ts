/**
 * Files of values that are too large for a row, and which of these files to delete.
 * Workers write and delete the files. Triggers of the database keep and release a file
 * when rows name it or no longer do.
 */
import type { Queryable, Statement } from "../database/database.ts";

/** A file of a large value. Bytes and hash are null when the row of the file is gone. */
export interface XComFile {
  readonly name: string;
  readonly bytes: number | null;
  /** Of the file's contents, in hexadecimal. */
  readonly sha256: string | null;
}

const CLAIM: Statement = {
  name: "xcom_file_claim",
  text: `
insert into dagsmith.xcom_file (name, bytes, sha256) values ($1, $2, $3) on conflict do nothing`,
};

// The value follows its claimed file within seconds. A worker died in between when the
// claim is a day old.
const UNKEPT: Statement = {
  name: "xcom_file_unkept",
  text: `
select name from dagsmith.xcom_file
where state = 'released' or (state = 'claimed' and created_at < now() - interval '1 day')
order by created_at limit $1`,
};

const FORGET: Statement = {
  name: "xcom_file_forget",
  text: "delete from dagsmith.xcom_file where name = any($1) and state <> 'kept'",
};

/** Records a file before it is written. */
export async function claimXComFile(
  db: Queryable,
  {
    name,
    bytes,
    sha256,
  }: { readonly name: string; readonly bytes: number; readonly sha256: string },
): Promise<void> {
  await db.query(CLAIM, [name, bytes, sha256]);
}

/** Names of files that no value needs, the oldest first. */
export async function unkeptXComFiles(db: Queryable, limit: number): Promise<readonly string[]> {
  return (await db.query<{ name: string }>(UNKEPT, [limit])).map(({ name }) => name);
}

/** Deletes the rows of deleted files. */
export async function forgetXComFiles(db: Queryable, names: readonly string[]): Promise<void> {
  await db.query(FORGET, [names]);
}
