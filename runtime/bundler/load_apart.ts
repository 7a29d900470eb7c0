/**
 * Loads a folder in a process of its own. The compiler and the syntax trees of the files
 * take some 80 MB, which a service that loads once and then runs for weeks does not keep.
 * With a thread, 30 MB stayed.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { FolderLoad, LoadFolderOptions } from "./folder.ts";
import type { DagVersion } from "./version.ts";
import { assertFolder } from "./walk.ts";

/** What a deployment needs of a load. */
export type LoadedDags = Pick<FolderLoad, "versions" | "errors">;

/** What the process gets: values that can be copied. */
export interface LoadRequest {
  readonly folder: string;
  readonly options: Pick<LoadFolderOptions, "environment" | "user">;
}

/** Built code runs the built file. Source code runs the source, which Node can read. */
const SCRIPT = fileURLToPath(
  new URL(`./load_process${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

/**
 * @throws DagsmithError FILE_NOT_FOUND when there is no such folder
 * @throws Error when the process ends without an answer, as when memory is short
 */
export async function loadApart(request: LoadRequest): Promise<LoadedDags> {
  await assertFolder(request.folder);
  // Its own process group: Ctrl-C in the terminal then reaches only the service, which stops
  // in order.
  const loader = fork(SCRIPT, { serialization: "advanced", detached: true });
  const ended = once(loader, "exit").then(([code, signal]) => {
    throw new Error(`the process that loads ${request.folder} ended with ${signal ?? code}`);
  });
  loader.send(request);
  const [answer] = await Promise.race([once(loader, "message"), ended]);
  await ended.catch(() => undefined);
  const { versions, errors } = answer as LoadedDags;
  return { errors, versions: versions.map(withBuffers) };
}

/** A copy of a Buffer arrives as a Uint8Array. */
function withBuffers(version: DagVersion): DagVersion {
  const { code, sourceMap, folders } = version;
  return {
    ...version,
    code: Buffer.from(code),
    sourceMap: Buffer.from(sourceMap),
    folders: folders.map(({ hash, archive }) => ({ hash, archive: Buffer.from(archive) })),
  };
}
