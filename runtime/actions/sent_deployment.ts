/**
 * A deployment as it travels to a server: what the folder contains by hashes, and the
 * bytes in chunks. Both ends use these shapes.
 */
import { createHash } from "node:crypto";
import type { DagSpec, Position } from "../../sdk/spec/index.ts";
import type { DeployableVersion, StoredImportError } from "../store/dags/deploy.ts";
import type { LoadedFolder } from "./deploy.ts";

/** Most bytes of a chunk: one request sends one, within the server's time limit. */
export const CHUNK_BYTES = 1024 * 1024;

/** Bytes, cut into chunks. */
export interface SentBytes {
  readonly bytes: number;
  /** Hex SHA-256 of each chunk, in order. */
  readonly chunks: readonly string[];
}

export interface SentBundle {
  readonly hash: string;
  readonly code: SentBytes;
  readonly sourceMap: SentBytes;
  /** Hashes of the folders that are part of it. */
  readonly folders: readonly string[];
}

export interface SentFolder {
  /** Of its contents. */
  readonly hash: string;
  readonly archive: SentBytes;
}

interface SentDag {
  readonly bundle: string;
  readonly file: string;
  readonly spec: DagSpec;
  readonly positions: Readonly<Record<string, Position>>;
}

export interface SentDeployment {
  /** The format of the specs, which both ends must share. */
  readonly format: number;
  readonly externalId?: string;
  readonly reason?: string;
  readonly dags: readonly SentDag[];
  readonly bundles: readonly SentBundle[];
  readonly folders: readonly SentFolder[];
  readonly errors: readonly StoredImportError[];
}

/** What is sent, and the chunks that the server may ask for. */
export interface Parcel {
  readonly dags: readonly SentDag[];
  readonly bundles: readonly SentBundle[];
  readonly folders: readonly SentFolder[];
  readonly errors: readonly StoredImportError[];
  readonly chunks: ReadonlyMap<string, Uint8Array>;
}

export const sha256 = (content: Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");

/** Packs a loaded folder for its way to a server. */
export function packDeployment({ versions, errors }: LoadedFolder): Parcel {
  const chunks = new Map<string, Uint8Array>();
  const cut = (content: Uint8Array): SentBytes => {
    const parts = chunksOf(content).map((part) => [sha256(part), part] as const);
    for (const [hash, part] of parts) chunks.set(hash, part);
    return { bytes: content.length, chunks: parts.map(([hash]) => hash) };
  };
  const folders = versions.flatMap((version) => version.folders ?? []);
  return {
    dags: versions.map(({ bundleHash: bundle, file, spec, positions }) => ({
      ...{ bundle, file, spec, positions },
    })),
    bundles: unique(versions, ({ bundleHash }) => bundleHash).map((one) => bundleOf(one, cut)),
    folders: unique(folders, ({ hash }) => hash).map(({ hash, archive }) => ({
      ...{ hash, archive: cut(archive) },
    })),
    errors: errors.map(({ file, line, code, message, stack }) => ({
      ...{ file, line, code, message, stack },
    })),
    chunks,
  };
}

function bundleOf(
  { bundleHash: hash, code, sourceMap, folders = [] }: DeployableVersion,
  cut: (content: Uint8Array) => SentBytes,
): SentBundle {
  const inside = folders.map((folder) => folder.hash);
  return { hash, code: cut(code), sourceMap: cut(sourceMap), folders: inside };
}

function chunksOf(content: Uint8Array): readonly Uint8Array[] {
  const count = Math.ceil(content.length / CHUNK_BYTES);
  return Array.from({ length: count }, (_, index) =>
    content.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  );
}

function unique<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly Item[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}
