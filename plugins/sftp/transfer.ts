/** The operators that move files between a host and files of tasks or object stores. */
import {
  type FileRef,
  type FromContext,
  isFileRef,
  resolveField,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import type { ObjectStoreRef } from "dagsmith/plugins/objects";
import { sftpHook } from "./hook.ts";

/** An object of a store. */
export interface StoreObject<Context extends TaskContext = TaskContext> {
  readonly store: ObjectStoreRef;
  readonly key: FromContext<string, Context>;
}

interface HostPath<Context extends TaskContext> {
  /** Id of a connection of type `ssh` or `sftp`. */
  readonly sftp: FromContext<string, Context>;
  /** On the host. */
  readonly path: FromContext<string, Context>;
}

/** The file on the host, and the file of the task that it becomes. */
export interface SftpGetOptions<Context extends TaskContext = TaskContext>
  extends HostPath<Context> {
  /** The name of the file of the task. */
  readonly file: FromContext<string, Context>;
}

/**
 * Downloads a file of a host into a file of the task, in flat memory.
 * @throws Error when there is no such file, or it is cut meanwhile
 * @example d.task("fetch", sftpGet({ sftp: "files", path: "out/trips.csv", file: "trips.csv" }));
 */
export function sftpGet<Context extends TaskContext = TaskContext>(
  options: SftpGetOptions<Context>,
): TaskBody<FileRef, Context> {
  return async function sftpGet(context) {
    const { content } = await source(options, context);
    return context.files.put(await resolveField(options.file, context), content);
  };
}

/**
 * Downloads a file of a host into an object store, in flat memory. Airflow:
 * SFTPToS3Operator, SFTPToGCSOperator.
 * @returns the URL of the object, and its size in bytes
 * @example
 * const to = { store: lake, key: "raw/trips.csv" };
 * d.task("fetch", sftpToStore({ sftp: "files", path: "out/trips.csv", to }));
 */
export function sftpToStore<Context extends TaskContext = TaskContext>(
  options: HostPath<Context> & { readonly to: StoreObject<Context> },
): TaskBody<{ readonly url: string; readonly size: number }, Context> {
  return async function sftpToStore(context) {
    const store = await options.to.store.open(context);
    const { content } = await source(options, context);
    const { key, size } = await store.put(await resolveField(options.to.key, context), content);
    return { url: store.urlOf(key), size };
  };
}

/**
 * Uploads a file of a task, or an object of a store, to a host, in flat memory. The file
 * gets its name when it is complete. Airflow: SFTPOperator, S3ToSFTPOperator.
 * @returns its size in bytes
 * @example
 * const from = ({ inputs }: { inputs: { csv: FileRef } }) => inputs.csv;
 * d.task("deliver", { inputs: { csv } }, sftpPut({ sftp: "bank", path: "in/a.csv", from }));
 */
export function sftpPut<Context extends TaskContext = TaskContext>(
  options: HostPath<Context> & {
    readonly from: FromContext<FileRef, Context> | StoreObject<Context>;
  },
): TaskBody<number, Context> {
  return async function sftpPut(context) {
    const files = await context.hook(sftpHook(await resolveField(options.sftp, context)));
    const content = await contentOf(options.from, context);
    return files.put(await resolveField(options.path, context), content);
  };
}

async function source<Context extends TaskContext>(options: HostPath<Context>, context: Context) {
  const files = await context.hook(sftpHook(await resolveField(options.sftp, context)));
  return { content: await files.get(await resolveField(options.path, context)) };
}

async function contentOf<Context extends TaskContext>(
  from: FromContext<FileRef, Context> | StoreObject<Context>,
  context: Context,
): Promise<AsyncIterable<Uint8Array>> {
  if (typeof from === "function" || isFileRef(from))
    return context.files.open(await resolveField(from, context));
  const store = await from.store.open(context);
  return store.get(await resolveField(from.key, context));
}
