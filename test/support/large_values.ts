/**
 * Places for large values as tests use them: a real folder, and a bucket of the sandbox
 * S3 over HTTP; and what tests do to them behind our back.
 */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import {
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { onTestFinished, vi } from "vitest";
import type { S3Folder } from "../../runtime/config/s3_folder.ts";
import type { XComFolder } from "../../runtime/config/xcom_folder.ts";
import { pathOf } from "../../runtime/large_values/store.ts";
import { type S3Faults, startSandboxS3 } from "../../runtime/sandbox/s3.ts";

export interface TestPlace {
  /** As a worker's options name it. */
  readonly folder: XComFolder;
  /** The names of the values that lie there. */
  names(): Promise<readonly string[]>;
  /** Removes one behind the worker's back. */
  lose(name: string): Promise<void>;
  /** Puts something else in the place of one. */
  change(name: string, text: string): Promise<void>;
}

/** Gone when the test ends. */
export async function folderPlace(): Promise<TestPlace & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "dagsmith-xcoms-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return {
    folder,
    names: async () =>
      (await readdir(folder, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map(({ name }) => name),
    lose: (name) => rm(join(folder, pathOf(name))),
    change: (name, text) => writeFile(join(folder, pathOf(name)), text),
  };
}

/**
 * Who may enter the bucket, as the SDK's own chain finds it. No message and no log may
 * repeat any of it.
 */
export const AWS_KEYS = {
  AWS_ACCESS_KEY_ID: "AKIATESTKEYIDTESTKEY",
  AWS_SECRET_ACCESS_KEY: "s3cr3t-access-key-of-the-test",
  AWS_SESSION_TOKEN: "t0ken-of-the-session-of-the-test",
};

export interface BucketPlace extends TestPlace {
  readonly folder: S3Folder;
  /** Switches faults of the store. */
  readonly faults: S3Faults;
  /** How many requests have arrived, by method. */
  readonly requests: ReadonlyMap<string, number>;
  /** The keys of uploads that have begun and not ended. */
  uploads(): Promise<readonly string[]>;
  /** The keys of the whole bucket. */
  keys(): Promise<readonly string[]>;
  /** Ends the store. */
  close(): Promise<void>;
}

/** A store of its own; gone when the test ends. */
export async function bucketPlace(): Promise<BucketPlace> {
  for (const [name, value] of Object.entries(AWS_KEYS)) vi.stubEnv(name, value);
  const { url: endpoint, faults, requests, close } = await startSandboxS3({ buckets: ["values"] });
  const folder: S3Folder = {
    bucket: "values",
    prefix: "of/dagsmith/",
    endpoint,
    region: null,
    pathStyle: true,
  };
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true });
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    client.destroy();
    await close();
  });
  const object = (name: string) => ({
    Bucket: folder.bucket,
    Key: `${folder.prefix}${pathOf(name)}`,
  });
  const keys = async (): Promise<readonly string[]> => {
    const { Contents = [] } = await client.send(
      new ListObjectsV2Command({ Bucket: folder.bucket }),
    );
    return Contents.map(({ Key }) => Key!);
  };
  const uploads = async (): Promise<readonly string[]> => {
    const list = new ListMultipartUploadsCommand({ Bucket: folder.bucket });
    return ((await client.send(list)).Uploads ?? []).map(({ Key }) => Key!);
  };
  return {
    ...{ folder, faults, requests, keys, uploads, close },
    names: async () => (await keys()).map((key) => basename(key)),
    lose: async (name) => void (await client.send(new DeleteObjectCommand(object(name)))),
    change: async (name, text) =>
      void (await client.send(new PutObjectCommand({ ...object(name), Body: text }))),
  };
}
