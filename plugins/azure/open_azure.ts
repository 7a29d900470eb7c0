/** Opens a client of Azure Blob Storage. */
import type * as Identity from "@azure/identity";
import type * as Blob from "@azure/storage-blob";
import { loadPackage } from "dagsmith";
import type { AzureSession } from "./azure_objects.ts";
import { type AzureConfig, hostOf } from "./config.ts";

/** For each request. A request that hangs for two minutes is made again. */
const RETRIES = {
  ...{ maxTries: 5, retryDelayInMs: 200, maxRetryDelayInMs: 10_000 },
  tryTimeoutInMs: 120_000,
};

export async function openSession(config: AzureConfig, signal: AbortSignal): Promise<AzureSession> {
  const name = "@azure/storage-blob";
  const blob = await loadPackage("azureBlobHook()", name, () => import("@azure/storage-blob"));
  const client = await clientOf(config, blob);
  return { client, host: hostOf(config), signal, permissions: blob.BlobSASPermissions };
}

async function clientOf(config: AzureConfig, blob: typeof Blob): Promise<Blob.BlobServiceClient> {
  const { BlobServiceClient, StorageSharedKeyCredential } = blob;
  const options = { retryOptions: RETRIES };
  if (config.login === "connectionString")
    return BlobServiceClient.fromConnectionString(config.connectionString, options);
  if (config.login === "sasToken")
    return new BlobServiceClient(`${config.url}?${config.token}`, undefined, options);
  if (config.login === "sharedKey") {
    const credential = new StorageSharedKeyCredential(config.account, config.key);
    return new BlobServiceClient(config.url, credential, options);
  }
  return new BlobServiceClient(config.url, await identityOf(config), options);
}

async function identityOf(
  config: Extract<AzureConfig, { login: "clientSecret" | "default" }>,
): Promise<Identity.TokenCredential> {
  const { ClientSecretCredential, DefaultAzureCredential } = await loadPackage(
    "A connection without an access key",
    "@azure/identity",
    () => import("@azure/identity"),
  );
  return config.login === "default"
    ? new DefaultAzureCredential()
    : new ClientSecretCredential(config.tenantId, config.clientId, config.secret);
}
