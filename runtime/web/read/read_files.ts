/** Reads the files that tasks stored, and their contents. */
import { DagsmithError } from "../../../sdk/errors.ts";
import { readParts } from "../../large_values/read_parts.ts";
import { getTaskFile, listTaskFiles, type TaskFileRow } from "../../store/reads/task_files.ts";
import type { WebServices } from "../http/services.ts";
import { maskRow } from "./mask.ts";

export type { TaskFileRow } from "../../store/reads/task_files.ts";

/** @param of.mapIndex -1 for a task that is not mapped */
export async function readFiles(
  { reader, mask }: WebServices,
  of: { readonly id: number; readonly taskId: string; readonly mapIndex: number },
): Promise<readonly TaskFileRow[]> {
  const files = await listTaskFiles(reader, of.id, of.taskId, of.mapIndex);
  return files.map((file) => maskRow(mask, file, ["object", "sha256"]));
}

/** A file and its bytes. The bytes are those that the task stored, secrets among them. */
export interface FileDownload {
  readonly file: TaskFileRow;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Undefined for a file that is not, or no longer, of the task instance.
 * @throws DagsmithError FILES_NOT_SET
 */
export async function openFile(
  { reader, files }: WebServices,
  instanceId: number,
  object: string,
): Promise<FileDownload | undefined> {
  const file = await getTaskFile(reader, instanceId, object);
  if (!file) return undefined;
  if (!files) throw new DagsmithError("FILES_NOT_SET", {});
  return { file, bytes: readParts(files, object, { name: file.name, size: file.bytes }) };
}
