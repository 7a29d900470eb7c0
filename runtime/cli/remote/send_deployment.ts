/**
 * Sends a folder to another deployment: first what it contains by hashes, then the chunks
 * that the server lacks, then the same again, which deploys it.
 */
import { gzipSync } from "node:zlib";
import { DagsmithError } from "../../../sdk/errors.ts";
import { SPEC_FORMAT } from "../../../sdk/spec/index.ts";
import type { LoadedFolder } from "../../actions/deploy.ts";
import type { Deployment, DeploymentPreview, Received } from "../../actions/index.ts";
import { type Parcel, packDeployment } from "../../actions/sent_deployment.ts";
import { post, type ServerAddress } from "./server_api.ts";

interface Words {
  readonly externalId?: string;
  readonly reason?: string;
}

/**
 * Another deployment may use up the chunks that both have sent: then they are sent again.
 */
const MOST_ROUNDS = 5;

/**
 * Deploys a loaded folder on another machine. After a break, a second call sends only
 * what is missing.
 * @param say gets a line for each upload
 * @throws DagsmithError SERVER_AWAY, SERVER_REFUSED
 */
export async function sendDeployment(
  server: ServerAddress,
  loaded: LoadedFolder,
  words: Words,
  say: (line: string) => void,
): Promise<Deployment> {
  const { chunks, ...sent } = packDeployment(loaded);
  const body = bodyOf(words, sent);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const answer = (await post(server, "/deployments", body)) as Received;
    if (answer.state === "deployed") {
      const { state: _, ...deployment } = answer;
      return deployment;
    }
    say(`sending ${answer.missing.length} new parts of ${chunks.size}`);
    for (const hash of answer.missing) await sendChunk(server, chunks.get(hash));
  }
  throw new DagsmithError("SERVER_REFUSED", { reason: "other deployments took its parts away" });
}

/**
 * Asks what deploying a loaded folder there would change.
 * @throws DagsmithError SERVER_AWAY, SERVER_REFUSED
 */
export async function previewThere(
  server: ServerAddress,
  loaded: LoadedFolder,
): Promise<DeploymentPreview> {
  const { chunks: _, ...sent } = packDeployment(loaded);
  return (await post(server, "/deployments/preview", bodyOf({}, sent))) as DeploymentPreview;
}

function bodyOf(words: Words, sent: Omit<Parcel, "chunks">) {
  const document = JSON.stringify({ format: SPEC_FORMAT, ...words, ...sent });
  return { type: "application/json", content: gzipSync(document), isGzip: true } as const;
}

async function sendChunk(server: ServerAddress, chunk: Uint8Array | undefined): Promise<void> {
  if (!chunk) throw new DagsmithError("SERVER_REFUSED", { reason: "it asks for an unknown part" });
  const content = new Uint8Array(chunk);
  await post(server, "/deployments/chunks", { type: "application/octet-stream", content });
}
