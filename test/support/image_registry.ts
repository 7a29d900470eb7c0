/**
 * A registry of container images for tests: it serves one image, from files that
 * `podman push dir:` wrote, to those who give its login.
 */

import { once } from "node:events";
import { createReadStream, existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** The type of a manifest that does not name its own. */
const OCI = "application/vnd.oci.image.manifest.v1+json";

export interface ImageRegistry {
  /** `127.0.0.1:port` */
  readonly address: string;
  close(): Promise<void>;
}

/** @param image its name without registry and tag, the folder of its files, and the login */
export async function startImageRegistry(image: {
  readonly name: string;
  readonly folder: string;
  readonly login: string;
  readonly password: string;
}): Promise<ImageRegistry> {
  const credentials = Buffer.from(`${image.login}:${image.password}`).toString("base64");
  const server = createServer((request, response) => {
    if (request.headers.authorization !== `Basic ${credentials}`) return refuse(response);
    answer(image, request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function refuse(response: ServerResponse): void {
  response.writeHead(401, { "www-authenticate": 'Basic realm="test"' });
  response.end(errors("UNAUTHORIZED", "authentication required"));
}

async function answer(
  { name, folder }: { readonly name: string; readonly folder: string },
  { url = "" }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, digest] = /\/blobs\/sha256:([0-9a-f]{64})$/.exec(url) ?? [];
  if (url === "/v2/") response.end("{}");
  else if (url.startsWith(`/v2/${name}/manifests/`)) {
    const manifest = await readFile(join(folder, "manifest.json"), "utf8");
    const { mediaType = OCI } = JSON.parse(manifest) as { readonly mediaType?: string };
    response.writeHead(200, { "content-type": mediaType });
    response.end(manifest);
  } else if (digest !== undefined && existsSync(join(folder, digest)))
    createReadStream(join(folder, digest)).pipe(response);
  else response.writeHead(404).end(errors("MANIFEST_UNKNOWN", "manifest unknown"));
}

function errors(code: string, message: string): string {
  return JSON.stringify({ errors: [{ code, message }] });
}
