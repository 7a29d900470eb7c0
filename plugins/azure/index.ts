/**
 * dagsmith/plugins/azure: Azure Blob Storage. On @azure/storage-blob, an optional
 * package.
 */
import type { ConnectionType } from "dagsmith";
import { azureConnection } from "./connection.ts";

export { type AzureBlob, azureBlobHook } from "./azure_blob_hook.ts";

/** The connection types of this plugin. */
export const connectionTypes: readonly ConnectionType[] = [azureConnection];
