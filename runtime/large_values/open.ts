/**
 * Opens the store of values that are too large for the database: a folder of this
 * machine, or a folder of a bucket. The code that stores values knows none of them.
 */
import { randomUUID } from "node:crypto";
import { errorMessage } from "../../sdk/error_message.ts";
import { once } from "../../sdk/once.ts";
import type { BucketFolder } from "../config/bucket_url.ts";
import type { S3Folder } from "../config/s3_folder.ts";
import type { XComFolder } from "../config/xcom_folder.ts";
import { valuesInFolder } from "./folder.ts";
import { openPluginValues } from "./plugin_values.ts";
import { needS3Packages } from "./s3_package.ts";
import type { LargeValues } from "./store.ts";

/**
 * Opens a store, without a request to it. Workers on several machines need a store that
 * all of them reach.
 */
export function largeValuesIn(folder: XComFolder): LargeValues {
  if (typeof folder === "string") return valuesInFolder(folder);
  if (!("scheme" in folder)) return valuesInBucket("s3", folder, () => openS3(folder));
  return valuesInBucket(folder.scheme, folder, async () => openPluginValues(folder));
}

type OpenValues = Omit<LargeValues, "place">;

async function openS3(folder: S3Folder): Promise<OpenValues> {
  await needS3Packages();
  const { openS3Values } = await import("./s3.ts");
  return openS3Values(folder);
}

/**
 * Loads the client with the first value: that of S3 takes a tenth of a second and 35 MB.
 * A worker without a bucket should not pay for it.
 */
function valuesInBucket(
  scheme: string,
  { bucket, prefix }: BucketFolder,
  load: () => Promise<OpenValues>,
): LargeValues {
  const open = once(load);
  return {
    place: `${scheme}://${bucket}/${prefix}`,
    write: async (name, bytes) => (await open()).write(name, bytes),
    read: async (name) => (await open()).read(name),
    writeStream: async (name, bytes) => (await open()).writeStream(name, bytes),
    readRange: async (name, from, length) => (await open()).readRange(name, from, length),
    remove: async (name) => (await open()).remove(name),
    abandon: async (name) => (await open()).abandon(name),
    close: () =>
      void open
        .begun()
        ?.then((values) => values.close())
        .catch(() => undefined),
  };
}

/**
 * Writes a small value, reads it and removes it.
 * @returns the path or address of the store
 * @throws Error the operation that failed
 */
export async function tryLargeValues(folder: XComFolder): Promise<string> {
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
      throw new Error(`${values.place} returned other bytes than were written`);
    return values.place;
  } finally {
    values.close();
  }
}
