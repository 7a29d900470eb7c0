/**
 * Opens the place for values that are too large for the database: a folder of this machine, or one of an S3
 * bucket. The code that keeps values knows neither; another place that keeps bytes by name could be added here.
 */
import { randomUUID } from "node:crypto";
import { errorMessage } from "../../sdk/error_message.ts";
import type { S3Folder } from "../config.ts";
import { valuesInFolder } from "./large_values/folder.ts";
import type { LargeValues } from "./large_values/store.ts";

/** Opens a place; nothing is asked of it yet. Workers on several machines need one that all of them see. */
export function largeValuesIn(folder: string | S3Folder): LargeValues {
  return typeof folder === "string" ? valuesInFolder(folder) : valuesInBucket(folder);
}

/** Loads the client with the first value: it takes a tenth of a second and 35 MB, which a worker without a bucket should not pay. */
function valuesInBucket(folder: S3Folder): LargeValues {
  let opened: Promise<Omit<LargeValues, "place">> | undefined;
  const open = (): Promise<Omit<LargeValues, "place">> => {
    opened ??= import("./large_values/s3.ts").then(({ openS3Values }) => openS3Values(folder));
    return opened;
  };
  return {
    place: `s3://${folder.bucket}/${folder.prefix}`,
    write: async (name, bytes) => (await open()).write(name, bytes),
    read: async (name) => (await open()).read(name),
    remove: async (name) => (await open()).remove(name),
    close: () => void opened?.then((values) => values.close()).catch(() => undefined),
  };
}

/**
 * Writes a small value, reads it and removes it.
 * @returns the place
 * @throws Error what that place cannot do
 */
export async function tryLargeValues(folder: string | S3Folder): Promise<string> {
  const values = largeValuesIn(folder);
  const name = randomUUID();
  const doing = async <Result>(what: string, work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      throw new Error(`${values.place} cannot be ${what}: ${errorMessage(error)}`, {
        cause: error,
      });
    }
  };
  try {
    await doing("written to", values.write(name, Buffer.from(name)));
    const found = await doing("read", values.read(name));
    await doing("cleaned up", values.remove(name));
    if (found?.toString() !== name)
      throw new Error(`${values.place} does not give back what was written`);
    return values.place;
  } finally {
    values.close();
  }
}
