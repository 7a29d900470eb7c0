/**
 * Which files hold values that are too large for a row, and which of those files are to go. The files themselves are the worker's; that a
 * file is kept or released follows from the rows that name it, by triggers of the database.
 */
import type { Queryable, Statement } from "../database/database.ts";

/** A file of a large value. What its row said is null when there is no such row any more. */
export interface XComFile {
  readonly name: string;
  readonly bytes: number | null;
  /** Of the file's contents, in hexadecimal. */
  readonly sha256: string | null;
}

const CLAIM: Statement = {
  name: "xcom_file_claim",
  text: "insert into dagsmith.xcom_file (name, bytes, sha256) values ($1, $2, $3) on conflict do nothing",
};

// A claim is followed by its value within seconds. One that is a day old was left by a worker that died in between.
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

/** Writes down a file that is about to be written. */
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

/** Names of files that no value needs any more, the oldest first. */
export async function unkeptXComFiles(db: Queryable, limit: number): Promise<readonly string[]> {
  return (await db.query<{ name: string }>(UNKEPT, [limit])).map(({ name }) => name);
}

/** Forgets files that are gone. */
export async function forgetXComFiles(db: Queryable, names: readonly string[]): Promise<void> {
  await db.query(FORGET, [names]);
}
