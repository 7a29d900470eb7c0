/** Tries a connection to Azure Blob Storage for `dag connections test`. */
import type { HookContext } from "dagsmith";
import { azureError, codeOf } from "./azure_error.ts";
import type { AzureConfig } from "./config.ts";
import { openSession } from "./open_azure.ts";

/**
 * Lists containers. A login that may not list them is a right login.
 * @throws Error with the place and the reason
 */
export async function tryAzure(config: AzureConfig, { signal }: HookContext): Promise<string> {
  const { client, host } = await openSession(config, signal);
  let count = 0;
  try {
    for await (const _ of client.listContainers({ abortSignal: signal })) count += 1;
    return `Azure Blob Storage at ${host}, ${count} containers`;
  } catch (error) {
    if (/^AuthorizationPermissionMismatch/.test(codeOf(error) ?? ""))
      return `Azure Blob Storage at ${host} takes the login, which may not list containers`;
    throw azureError("Azure list containers", host, error);
  }
}
