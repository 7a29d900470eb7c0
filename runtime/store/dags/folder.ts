/**
 * Folders that are part of bundles. A stored one never changes, so callers may cache it.
 */
import type { Queryable, Statement } from "../database/database.ts";
import { rowsOf } from "../database/unnest.ts";

/** A folder of a version, as the bundler packed it. */
export interface StoredFolder {
  /** Of the contents. */
  readonly hash: string;
  readonly archive: Uint8Array;
}

/** The bundle that a folder is part of. */
export interface FolderOfBundle extends StoredFolder {
  readonly bundleHash: string;
}

const FOLDERS = rowsOf<StoredFolder>({
  hash: ["text", ({ hash }) => hash],
  archive: ["bytea", ({ archive }) => archive],
});

const PUT: Statement = {
  name: "folder_put",
  text: `
insert into dagsmith.folder (${FOLDERS.names}) select * from ${FOLDERS.unnest}
on conflict do nothing`,
};

const KNOWN: Statement = {
  name: "folder_known",
  text: "select hash from dagsmith.folder where hash = any($1)",
};

const LINKS = rowsOf<FolderOfBundle>({
  bundle_hash: ["text", ({ bundleHash }) => bundleHash],
  folder_hash: ["text", ({ hash }) => hash],
});

const LINK: Statement = {
  name: "bundle_folder_put",
  text: `
insert into dagsmith.bundle_folder (${LINKS.names}) select * from ${LINKS.unnest}
on conflict do nothing`,
};

const GET: Statement = {
  name: "folder_get",
  text: "select archive from dagsmith.folder where hash = $1",
};

/** Stores the folders of new bundles. Sends only archives that are not stored yet. */
export async function putFolders(tx: Queryable, folders: readonly FolderOfBundle[]): Promise<void> {
  if (folders.length === 0) return;
  const unknown = new Map(folders.map((folder) => [folder.hash, folder]));
  for (const hash of await knownFolders(tx, [...unknown.keys()])) unknown.delete(hash);
  if (unknown.size > 0) await tx.query(PUT, FOLDERS.values([...unknown.values()]));
  await tx.query(LINK, LINKS.values(folders));
}

/** Which of the hashes are those of stored folders. */
export async function knownFolders(
  tx: Queryable,
  hashes: readonly string[],
): Promise<ReadonlySet<string>> {
  const known = await tx.query<{ hash: string }>(KNOWN, [hashes]);
  return new Set(known.map(({ hash }) => hash));
}

/** The archive of a folder; undefined for an unknown hash. */
export async function getFolder(db: Queryable, hash: string): Promise<Buffer | undefined> {
  return (await db.query<{ archive: Buffer }>(GET, [hash]))[0]?.archive;
}
