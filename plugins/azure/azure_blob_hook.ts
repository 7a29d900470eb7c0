/** The hook of Azure Blob Storage. */
import type { BlobServiceClient } from "@azure/storage-blob";
import { defineHook, type ObjectBackend } from "dagsmith";
import { azureConnection } from "./connection.ts";

/** Made by {@link azureBlobHook}. */
export interface AzureBlob {
  /**
   * The verbs that every object store has. They end with the try; tasks use them through
   * `objectStore()` of `dagsmith/plugins/objects`.
   */
  readonly objects: ObjectBackend;
  /** Azure's client, for everything else. */
  readonly client: BlobServiceClient;
}

/**
 * Azure Blob Storage, through a connection of type `wasb`: the account in login and its
 * access key in password; or `extra.connection_string`, `extra.sas_token`, or a client of
 * Entra ID with `extra.tenant_id`. Needs the package @azure/storage-blob, and without an
 * access key @azure/identity.
 * @throws DagsmithError PACKAGE_MISSING
 * @example
 * const { client } = await hook(azureBlobHook("lake"));
 * await client.getContainerClient("raw").createIfNotExists();
 */
export const azureBlobHook = defineHook<AzureBlob>({
  types: azureConnection.ids,
  open: async (connection, { signal }) => {
    const config = azureConnection.read(connection);
    const { openSession } = await import("./open_azure.ts");
    const { AzureObjects } = await import("./azure_objects.ts");
    const session = await openSession(config, signal);
    return { objects: new AzureObjects(session), client: session.client };
  },
});
