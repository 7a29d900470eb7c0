/** Files into and out of a container: the engine takes and gives them as tar archives. */
import { basename, posix } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { FailTask, type FileRef, type TaskContext, withCode } from "dagsmith";
import { type ProcessPlaces, processInput, refuseLargeOutput } from "dagsmith/plugins/process";
import type Docker from "dockerode";
import type { Headers, Pack } from "tar-stream";
import { type Engine, engineError, isMissing } from "./engine.ts";

/** The folder of dagsmith in each container. */
const FOLDER = "/dagsmith";
export const PLACES: ProcessPlaces = {
  input: `${FOLDER}/input.json`,
  output: `${FOLDER}/output`,
};

/** Puts the input of the task into a container, with the files that it refers to. */
export async function putInput(
  engine: Engine,
  container: Docker.Container,
  context: TaskContext,
): Promise<void> {
  const files = new Map<string, FileRef>();
  const input = await processInput(context, (file) => {
    const path = `${FOLDER}/files/${file.sha256.slice(0, 16)}/${basename(file.name)}`;
    files.set(path, file);
    return path;
  });
  const archive = engine.tar.pack();
  const filled = fill(archive, input, files, context.files).catch((error: Error) => {
    archive.destroy(error);
    throw error;
  });
  const sent = container.putArchive(archive, { path: "/" }).catch((error: unknown) => {
    throw engineError(engine, "Copying the input into the container", error);
  });
  await Promise.all([filled, sent]);
}

/** Each user of the container may read the input, and write the output. */
async function fill(
  archive: Pack,
  input: string,
  files: ReadonlyMap<string, FileRef>,
  { open }: TaskContext["files"],
): Promise<void> {
  archive.entry({ name: `${FOLDER.slice(1)}/`, type: "directory", mode: 0o777 });
  archive.entry({ name: PLACES.input.slice(1), mode: 0o644 }, input);
  for (const [path, file] of files) {
    const entry = archive.entry({ name: path.slice(1), size: file.size, mode: 0o644 });
    await pipeline(await open(file), entry);
  }
  archive.finalize();
}

/** What the container wrote to `$DAGSMITH_OUTPUT`; null when it wrote nothing. */
export async function getOutput(
  engine: Engine,
  container: Docker.Container,
): Promise<string | null> {
  const read = async (contents: AsyncIterable<Uint8Array>, { size = 0 }: Headers) => {
    refuseLargeOutput(size);
    return text(contents);
  };
  const written = await readFile(engine, container, PLACES.output, read);
  return written === undefined || written === "" ? null : written;
}

/**
 * Stores the files that a container made.
 * @param folder for names that are relative
 * @throws FailTask when the container did not make one
 */
export async function getFiles<Files extends string>(
  engine: Engine,
  container: Docker.Container,
  { names, folder }: { readonly names: readonly Files[]; readonly folder: string },
  { put }: TaskContext["files"],
): Promise<{ readonly [Name in Files]: FileRef }> {
  const stored: [string, FileRef][] = [];
  for (const name of names) {
    const path = posix.resolve("/", folder, name);
    const file = await readFile(engine, container, path, (contents) =>
      put(basename(name), contents),
    );
    if (file === undefined)
      throw withCode(
        "FILE_NOT_MADE",
        new FailTask(
          `The container did not make the file "${name}" (${path}), which the option files names.`,
        ),
      );
    stored.push([name, file]);
  }
  return Object.fromEntries(stored) as { readonly [Name in Files]: FileRef };
}

/** Reads a file of a container; undefined when it is not there, or is no file. */
async function readFile<Value>(
  engine: Engine,
  container: Docker.Container,
  path: string,
  read: (contents: AsyncIterable<Uint8Array>, header: Headers) => Promise<Value>,
): Promise<Value | undefined> {
  const archive = await container.getArchive({ path }).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw engineError(engine, `Reading ${path} of the container`, error);
  });
  if (archive === null) return undefined;
  const entries = engine.tar.extract();
  let value: Value | undefined;
  let isFirst = true;
  entries.on("entry", (header, contents, next) => {
    // Of a folder, its files follow.
    const isWanted = isFirst && header.type === "file";
    isFirst = false;
    const taken = isWanted ? read(contents, header) : Promise.resolve(undefined);
    const goOn = (result: Value | undefined): void => {
      value ??= result;
      contents.resume();
      next();
    };
    void taken.then(goOn, (error: Error) => entries.destroy(error));
  });
  await pipeline(archive, entries);
  return value;
}
