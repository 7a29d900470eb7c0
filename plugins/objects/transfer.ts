/** The operator that moves bytes between stores and files of tasks. */
import {
  FailTask,
  type FileRef,
  type FromContext,
  isFileRef,
  type ObjectHead,
  type PutObjectOptions,
  resolveField,
  type TaskBody,
  type TaskContext,
} from "dagsmith";
import type { BackendStore } from "./backend_store.ts";
import { storableMetadata } from "./object_key.ts";
import type { ObjectStore } from "./object_store.ts";
import { type ObjectStoreRef, openStore } from "./open_store.ts";

/** One object of a store. */
export interface ObjectPlace {
  readonly store: ObjectStoreRef;
  readonly key: string;
}

/** All objects whose key begins with a text; that text is cut off, or put in front. */
export interface PrefixPlace {
  readonly store: ObjectStoreRef;
  readonly prefix: string;
}

/** A file of the task, which it stores under this name. */
export interface FilePlace {
  readonly file: string;
}

/** What was moved. */
export interface Transferred {
  readonly objects: number;
  readonly bytes: number;
}

/** An object or a file goes to an object or a file, a prefix to a prefix. */
export type TransferOptions<Context extends TaskContext> =
  | {
      readonly from: FromContext<ObjectPlace | FileRef, Context>;
      readonly to: FromContext<ObjectPlace, Context>;
    }
  | {
      readonly from: FromContext<PrefixPlace, Context>;
      readonly to: FromContext<PrefixPlace, Context>;
    };

/** An object that becomes a file. */
export interface DownloadOptions<Context extends TaskContext> {
  readonly from: FromContext<ObjectPlace, Context>;
  readonly to: FromContext<FilePlace, Context>;
}

/**
 * Copies objects between any two stores, or between a store and the files of tasks, in
 * streams. Within one store and connection the system copies them itself. An object has
 * its name only when it is complete; content type and metadata go along where the target
 * keeps them. A prefix is copied object by object: after a failure, the next try copies
 * all of them again. Airflow: S3ToGCSOperator and its like.
 * @returns how many objects and bytes; a {@link FileRef} for a file
 * @throws Error when the object does not exist; FailTask when a bucket does not exist or
 *   credentials are refused
 * @example
 * d.task("archive", transfer({ from: { store: lake, prefix: "2026/" }, to: { store: cold, prefix: "2026/" } }));
 * d.task("csv", transfer({ from: { store: lake, key: "trips.csv" }, to: { file: "trips.csv" } }));
 */
export function transfer<Context extends TaskContext>(
  options: DownloadOptions<Context>,
): TaskBody<FileRef, Context>;
export function transfer<Context extends TaskContext>(
  options: TransferOptions<Context>,
): TaskBody<Transferred, Context>;
export function transfer<Context extends TaskContext>(
  options: TransferOptions<Context> | DownloadOptions<Context>,
): TaskBody<Transferred | FileRef, Context> {
  return async function transfer(context) {
    const from = await resolveField<AnyPlace, Context>(options.from, context);
    const to = await resolveField<AnyPlace, Context>(options.to, context);
    if ("prefix" in from && "prefix" in to) return copyPrefix(from, to, context);
    if (isFileRef(from) && isObject(to)) return uploadFile(from, to, context);
    if (isObject(from) && isObject(to)) return copyObject(from, to, context);
    if (isObject(from) && "file" in to) return download(from, to, context);
    throw new TypeError("transfer() takes an object or a file to one, or a prefix to a prefix");
  };
}
type AnyPlace = ObjectPlace | PrefixPlace | FilePlace | FileRef;

const isObject = (place: AnyPlace): place is ObjectPlace => "key" in place;

/** A store with its connection, which tells whether the system can copy by itself. */
interface OpenStore {
  readonly store: BackendStore;
  readonly connection: string | null;
}

async function opened(ref: ObjectStoreRef, context: TaskContext): Promise<OpenStore> {
  return { store: await openStore(ref, context), connection: ref.connection };
}

async function copyObject(from: ObjectPlace, to: ObjectPlace, context: TaskContext) {
  const source = await opened(from.store, context);
  const target = await opened(to.store, context);
  const head = await source.store.existing(from.key);
  await copyOne(source, head, target, to.key);
  return { objects: 1, bytes: head.size };
}

async function copyPrefix(from: PrefixPlace, to: PrefixPlace, context: TaskContext) {
  const source = await opened(from.store, context);
  const target = await opened(to.store, context);
  if (source.connection === target.connection)
    refuseOwnCopies(source.store.urlOf(from.prefix), target.store.urlOf(to.prefix));
  let [objects, bytes] = [0, 0];
  for await (const { key } of source.store.list(from.prefix)) {
    const head = await source.store.head(key);
    // Deleted since it was listed.
    if (head === null) continue;
    await copyOne(source, head, target, to.prefix + key.slice(from.prefix.length));
    objects += 1;
    bytes += head.size;
  }
  context.log.info(`copied ${objects} objects of ${bytes} bytes to ${target.store.url}`);
  return { objects, bytes };
}

/** A listing goes on while objects are added, so it would find the copies, too. */
function refuseOwnCopies(from: string, to: string): void {
  if (to.startsWith(from))
    throw new FailTask(`transfer() would copy its own copies: ${to} begins with ${from}`);
}

async function copyOne(
  source: OpenStore,
  head: ObjectHead,
  target: OpenStore,
  key: string,
): Promise<void> {
  const [one, other] = [source.store, target.store];
  if (isOneSystem(source, target, head)) return one.backend.copy(one.at(head.key), other.at(key));
  await other.put(key, one.read(head), attributesOf(head, other));
}

function isOneSystem(source: OpenStore, target: OpenStore, { size }: ObjectHead): boolean {
  const { system, maxCopyBytes } = source.store.backend;
  return (
    source.connection === target.connection &&
    system === target.store.backend.system &&
    size <= (maxCopyBytes ?? Number.POSITIVE_INFINITY)
  );
}

/** A folder keeps no attributes. Classes and keys have other names in each system. */
function attributesOf(head: ObjectHead, target: ObjectStore): PutObjectOptions {
  if (target.url.startsWith("file:")) return {};
  const { contentType, contentEncoding, metadata } = head;
  return {
    ...(contentType !== null && { contentType }),
    ...(contentEncoding !== null && { contentEncoding }),
    metadata: storableMetadata(metadata),
  };
}

async function uploadFile(file: FileRef, to: ObjectPlace, context: TaskContext) {
  const target = await to.store.open(context);
  const { contentType } = file;
  await target.put(to.key, await context.files.open(file), { contentType });
  return { objects: 1, bytes: file.size };
}

async function download(from: ObjectPlace, { file }: FilePlace, context: TaskContext) {
  const source = await openStore(from.store, context);
  const head = await source.existing(from.key);
  const { contentType } = head;
  return context.files.put(file, source.read(head), contentType ? { contentType } : {});
}
