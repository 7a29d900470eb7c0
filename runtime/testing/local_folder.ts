/** Folders of a DAG where there is no worker: as they are on this disk. */
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DagsmithError } from "../../sdk/errors.ts";
import type { BundledFolder } from "../../sdk/files/folder.ts";

/** @throws DagsmithError FOLDER_NOT_FOUND */
export async function localFolder({ path, declaredIn }: BundledFolder): Promise<string> {
  const file = declaredIn?.startsWith("file:") ? fileURLToPath(declaredIn) : declaredIn;
  const folder = resolve(dirname(file ?? "."), path);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return folder;
  throw new DagsmithError("FOLDER_NOT_FOUND", { path, file: file ?? "a file without a name" });
}
