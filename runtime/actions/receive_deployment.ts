/**
 * Takes a deployment that was bundled and inspected on another machine. Its code never
 * runs here. Nothing of it is current before all of it is stored and checked: then one
 * transaction switches all DAGs.
 */
import { DagsmithError } from "../../sdk/errors.ts";
import { SPEC_FORMAT } from "../../sdk/spec/index.ts";
import { checkArchive } from "../bundler/archive.ts";
import { unstorableText } from "../bundler/unstorable_text.ts";
import { versionHash } from "../bundler/version.ts";
import { specProblem } from "../specs/check_spec.ts";
import { type DeployableVersion, knownBundles, lockDeployments } from "../store/dags/deploy.ts";
import {
  deleteChunks,
  deleteOldChunks,
  getChunks,
  knownChunks,
  putChunk,
  storedChunkBytes,
} from "../store/dags/deployment_chunk.ts";
import { knownFolders } from "../store/dags/folder.ts";
import type { Database, Queryable } from "../store/database/database.ts";
import { type Deployment, deploy, digestOf, repeatedDeployment } from "./deploy.ts";
import type { ComingFolder } from "./preview_deployment.ts";
import {
  CHUNK_BYTES,
  type SentBundle,
  type SentBytes,
  type SentDeployment,
  type SentFolder,
  sha256,
} from "./sent_deployment.ts";

/** Most bytes of new code in one deployment: they are in memory at the same time. */
const MOST_NEW_BYTES = 256 * 1024 * 1024;
/** Most bytes of uploads that are not deployed yet. */
const MOST_STORED_BYTES = 1024 * 1024 * 1024;

/** The chunks that the server lacks, or the deployment. */
export type Received =
  | { readonly state: "incomplete"; readonly missing: readonly string[] }
  | ({ readonly state: "deployed" } & Deployment);

/**
 * Deploys what was sent, once all of its chunks are stored.
 * @throws DagsmithError INVALID_DEPLOYMENT, EXTERNAL_ID_REUSED
 */
export async function receiveDeployment(
  db: Database,
  { sent, actor }: { readonly sent: SentDeployment; readonly actor: string },
): Promise<Received> {
  const coming = comingFolder(sent);
  await deleteOldChunks(db);
  return db.transaction(async (tx) => {
    await lockDeployments(tx);
    const digest = digestOf(coming);
    const request = { actor, ...wordsOf(sent) };
    const repeated = await repeatedDeployment(tx, request, digest);
    if (repeated) return { state: "deployed", ...repeated };
    const parts = await newParts(tx, sent);
    const missing = await missingChunks(tx, parts);
    if (missing.length > 0) return { state: "incomplete", missing };
    const contents = await readParts(tx, parts);
    const loaded = { versions: versionsOf(sent, contents), errors: sent.errors };
    const done = await deploy(tx, loaded, request, digest);
    await deleteChunks(tx, chunksIn(sent));
    return { state: "deployed", ...done };
  });
}

/**
 * Stores a chunk of a deployment.
 * @returns its hash
 * @throws DagsmithError INVALID_DEPLOYMENT when it is too large, or too much is stored
 */
export async function storeDeploymentChunk(
  db: Database,
  { content }: { readonly content: Buffer; readonly actor: string },
): Promise<string> {
  if (content.length === 0 || content.length > CHUNK_BYTES)
    throw invalid(`a chunk has 1 to ${CHUNK_BYTES} bytes, not ${content.length}`);
  if ((await storedChunkBytes(db)) + content.length > MOST_STORED_BYTES)
    throw invalid("the server holds 1 GiB of other uploads; deploy again tomorrow");
  const hash = sha256(content);
  await putChunk(db, hash, content);
  return hash;
}

/**
 * What was sent, for a preview. Its chunks are not needed.
 * @throws DagsmithError INVALID_DEPLOYMENT
 */
export function comingFolder(sent: SentDeployment): ComingFolder {
  checkSent(sent);
  const versions = sent.dags.map(({ bundle, file, spec }) => ({
    ...{ dagId: spec.dagId, versionHash: versionHash(bundle, spec.dagId), file, spec },
  }));
  return { versions, errors: sent.errors };
}

const invalid = (problem: string): DagsmithError =>
  new DagsmithError("INVALID_DEPLOYMENT", { problem });

const wordsOf = ({ externalId, reason }: SentDeployment) => ({
  ...(externalId !== undefined && { externalId }),
  ...(reason !== undefined && { reason }),
});

/** @throws DagsmithError INVALID_DEPLOYMENT */
function checkSent({ format, dags, bundles, folders }: SentDeployment): void {
  if (format !== SPEC_FORMAT)
    throw invalid(
      `it was made by another version of dagsmith (format ${format}, here ${SPEC_FORMAT}); use the version of the server`,
    );
  const bundleHashes = new Set(bundles.map(({ hash }) => hash));
  const folderHashes = new Set(folders.map(({ hash }) => hash));
  const seen = new Set<string>();
  for (const { spec, bundle, positions } of dags) {
    const problem = seen.has(spec.dagId)
      ? "it comes twice"
      : (textProblem({ ...spec, positions }) ?? specProblem(spec));
    if (problem !== null) throw invalid(`the DAG "${spec.dagId}" is wrong: ${problem}`);
    if (!bundleHashes.has(bundle)) throw invalid(`the bundle of DAG "${spec.dagId}" is missing`);
    seen.add(spec.dagId);
  }
  const lacking = bundles.flatMap((one) => one.folders).find((hash) => !folderHashes.has(hash));
  if (lacking !== undefined) throw invalid(`the folder ${lacking} is missing`);
}

/** What PostgreSQL stores and cannot read back would break the statements about all DAGs. */
function textProblem(stored: object): string | null {
  const path = unstorableText(stored);
  return path === undefined ? null : `the text at ${path} has a NUL or half of a surrogate pair`;
}

/** The bundles and folders that are not stored yet. */
interface Parts {
  readonly bundles: readonly SentBundle[];
  readonly folders: readonly SentFolder[];
}

/** @throws DagsmithError INVALID_DEPLOYMENT */
async function newParts(tx: Queryable, { bundles, folders }: SentDeployment): Promise<Parts> {
  const [stored, storedFolders] = [
    await knownBundles(
      tx,
      bundles.map(({ hash }) => hash),
    ),
    await knownFolders(
      tx,
      folders.map(({ hash }) => hash),
    ),
  ];
  const parts = {
    bundles: bundles.filter(({ hash }) => !stored.has(hash)),
    folders: folders.filter(({ hash }) => !storedFolders.has(hash)),
  };
  const blobs = blobsIn(parts);
  // A chunk may come many times, so its blob may be larger than all that is stored.
  if (blobs.some(({ bytes: size, chunks }) => chunks.length !== Math.ceil(size / CHUNK_BYTES)))
    throw invalid(`a part is not cut into chunks of ${CHUNK_BYTES} bytes`);
  const bytes = blobs.reduce((sum, blob) => sum + blob.bytes, 0);
  if (bytes > MOST_NEW_BYTES)
    throw invalid(`it has more than ${MOST_NEW_BYTES} bytes of new code; deploy parts of it first`);
  return parts;
}

const blobsIn = ({ bundles, folders }: Parts): readonly SentBytes[] => [
  ...bundles.flatMap(({ code, sourceMap }) => [code, sourceMap]),
  ...folders.map(({ archive }) => archive),
];

const chunksIn = (parts: Parts): readonly string[] => [
  ...new Set(blobsIn(parts).flatMap(({ chunks }) => chunks)),
];

async function missingChunks(tx: Queryable, parts: Parts): Promise<readonly string[]> {
  const needed = chunksIn(parts);
  const known = await knownChunks(tx, needed);
  return needed.filter((hash) => !known.has(hash));
}

interface Contents {
  readonly bundles: ReadonlyMap<string, Pick<DeployableVersion, "code" | "sourceMap">>;
  readonly archives: ReadonlyMap<string, Buffer>;
}

/** @throws DagsmithError INVALID_DEPLOYMENT when the bytes do not have their hash */
async function readParts(tx: Queryable, parts: Parts): Promise<Contents> {
  const stored = await getChunks(tx, chunksIn(parts));
  const read = ({ bytes, chunks }: SentBytes): Buffer => {
    const content = Buffer.concat(chunks.map((hash) => stored.get(hash) ?? Buffer.alloc(0)));
    if (content.length === bytes) return content;
    throw invalid(`a part has ${content.length} bytes in place of ${bytes}`);
  };
  return {
    bundles: new Map(
      parts.bundles.map(({ hash, code, sourceMap }) => [
        hash,
        { code: readCode(hash, read(code)), sourceMap: readMap(hash, read(sourceMap)) },
      ]),
    ),
    archives: new Map(
      parts.folders.map(({ hash, archive }) => [hash, readArchive(hash, read(archive))]),
    ),
  };
}

function readCode(hash: string, code: Buffer): Buffer {
  if (sha256(code) === hash) return code;
  throw invalid(`the code of bundle ${hash} does not have this hash`);
}

/** The page reads source maps; nothing runs them. */
function readMap(hash: string, sourceMap: Buffer): Buffer {
  try {
    JSON.parse(sourceMap.toString());
    return sourceMap;
  } catch {
    throw invalid(`the source map of bundle ${hash} is not JSON`);
  }
}

function readArchive(hash: string, archive: Buffer): Buffer {
  const problem = checkArchive(archive, hash);
  if (problem === null) return archive;
  throw invalid(`the folder ${hash} is wrong: ${problem}`);
}

/** A bundle that is stored already is not written again, so its bytes are not needed. */
const STORED = { code: Buffer.alloc(0), sourceMap: Buffer.alloc(0) };

function versionsOf(sent: SentDeployment, contents: Contents): readonly DeployableVersion[] {
  const bundles = new Map(sent.bundles.map((bundle) => [bundle.hash, bundle]));
  return sent.dags.map(({ bundle: bundleHash, file, spec, positions }) => ({
    ...{ dagId: spec.dagId, versionHash: versionHash(bundleHash, spec.dagId), bundleHash },
    ...{ file, spec, positions },
    ...(contents.bundles.get(bundleHash) ?? STORED),
    folders: (bundles.get(bundleHash)?.folders ?? []).map((hash) => ({
      ...{ hash, archive: contents.archives.get(hash) ?? STORED.code },
    })),
  }));
}
